"""The step of setting up that is about courses."""

from __future__ import annotations

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.enums import Readiness
from apps.core.setting_up import Standing

from .models import Course


def courses() -> Standing:
    """Whether there is something to take. One query."""
    published = Course.objects.filter(current__isnull=False).count()
    if not published:
        return Standing(Readiness.TODO, _("No course is published."))
    sentence = ngettext("%(count)s course is published.", "%(count)s courses are published.", published)
    return Standing(Readiness.DONE, sentence % {"count": published})
