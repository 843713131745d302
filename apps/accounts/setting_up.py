"""The steps of setting up that are about the organisation, its people, how they come in, and e-mails to them."""

from __future__ import annotations

from django.conf import settings
from django.urls import reverse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from apps.core.dates import day
from apps.core.enums import MessageState, Readiness
from apps.core.models import Heartbeat, OutboxMessage
from apps.core.setting_up import Standing, Trial

from .enums import Role
from .models import Organisation, User
from .queries import count_entries, stored_organisation

# E-mails that are stored or thrown away where they are written reach nobody.
GOING_NOWHERE = {"console", "dummy", "filebased"}


def organisation() -> Standing:
    """Whether the company has a name here: as stored, not as this process remembers it. One query."""
    company = stored_organisation()
    if not company.said("organisation", get_language() or "fr"):
        return Standing(Readiness.TODO, _("Nobody has named it yet: courses, the charter and e-mails say “our company”."))
    return Standing(Readiness.DONE, _named(company))


def directory() -> Standing:
    """What people can be placed in. Four queries."""
    found = count_entries()
    sentence = _("Entities: %(entities)s, departments: %(departments)s, sites: %(sites)s, jobs: %(jobs)s.") % found
    complete = found["entities"] and found["departments"] and found["jobs"]
    return Standing(Readiness.DONE if complete else Readiness.TODO, sentence)


def sign_in() -> Standing:
    """How people come in, according to the environment. No query."""
    names = [str(app["name"]) for app in settings.OIDC_APPS]
    if not names:
        return Standing(
            Readiness.TODO,
            _("People sign in with a password or a passkey. ALMIA_OIDC_URL connects the company’s own sign-in."),
        )
    return Standing(Readiness.DONE, _("People sign in with %(names)s.") % {"names": ", ".join(names)})


def mail() -> Standing:
    """Whether e-mails are sent, and when one last was. Two queries."""
    backend = settings.EMAIL_BACKEND.split(".")[-2]
    if backend in GOING_NOWHERE:
        return Standing(
            Readiness.TODO, _("E-mails are kept on this machine and reach nobody. In production, a mail server is set.")
        )
    trial = Trial(_("Send me a test e-mail"), reverse("accounts:test_mail"))
    given_up = OutboxMessage.objects.filter(task="accounts.send_letter", state=MessageState.DEAD).count()
    last = Heartbeat.objects.filter(part="mail").first()
    left = _("The last e-mail was sent on %(date)s.") % {"date": day(last.at)} if last else _("No e-mail has been sent yet.")
    if given_up:
        failed = ngettext(
            "%(count)s e-mail could not be sent: see the background tasks.",
            "%(count)s e-mails could not be sent: see the background tasks.",
            given_up,
        )
        return Standing(Readiness.FAILING, f"{failed % {'count': given_up}} {left}", trial)
    return Standing(Readiness.DONE if last else Readiness.TODO, left, trial)


def people() -> Standing:
    """Whether anybody is here apart from those who put it into service. One query."""
    colleagues = User.objects.filter(is_active=True).exclude(groups__name=Role.ADMINISTRATOR).count()
    if not colleagues:
        return Standing(Readiness.TODO, _("Only administrators are here."))
    sentence = ngettext(
        "%(count)s colleague besides the administrators.", "%(count)s colleagues besides the administrators.", colleagues
    )
    return Standing(Readiness.DONE, sentence % {"count": colleagues})


def _named(company: Organisation) -> str:
    name, address = company.said("organisation", get_language() or "fr"), company.ai_desk_email or settings.SUPPORT_EMAIL
    if not address:
        return _("Almia says “%(name)s”. Nobody is named to write to yet: enter the address of the AI desk.") % {"name": name}
    return _("Almia says “%(name)s”; people write to %(address)s.") % {"name": name, "address": address}
