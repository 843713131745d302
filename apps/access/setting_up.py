"""The steps of setting up that are about the charter and what opens AI."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.dates import day
from apps.core.enums import Readiness
from apps.core.setting_up import Standing

from .attention import requirement_gaps
from .models import CharterSignature, Requirement
from .queries import current_charter


def charter() -> Standing:
    """Whether a charter is in force, and who has signed it. Two queries."""
    found = current_charter()
    if found is None:
        return Standing(Readiness.TODO, _("No charter is in force."))
    signed = CharterSignature.objects.filter(charter=found).count()
    sentence = ngettext(
        "Version %(version)s, in force since %(date)s, signed by %(count)s person.",
        "Version %(version)s, in force since %(date)s, signed by %(count)s people.",
        signed,
    )
    return Standing(Readiness.DONE, sentence % {"version": found.version, "date": day(found.effective_on), "count": signed})


def requirements() -> Standing:
    """Whether each right can be obtained. Four queries, and one for where trainings are taken."""
    asked = Requirement.objects.count()
    if not asked:
        return Standing(Readiness.TODO, _("Nobody has decided what opens AI: it is closed to everyone."))
    closed = [gap for gap in requirement_gaps() if gap.level == "bad"]
    if closed:
        return Standing(Readiness.FAILING, f"{closed[0].title}. {closed[0].text}")
    sentence = ngettext("%(count)s requirement is set.", "%(count)s requirements are set.", asked)
    return Standing(Readiness.DONE, sentence % {"count": asked})
