"""What access sends by e-mail."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.accounts import mail, organisation
from apps.accounts.models import NO_ADDRESS
from apps.core import dates

from . import capabilities
from .models import Award, Charter, CharterSignature, Requirement, Waiver
from .queries import current_charter

if TYPE_CHECKING:
    from apps.accounts.models import User

REMIND_DAYS = (30, 7)  # before a proof ends; the second for those who let the first pass
PEOPLE_AT_ONCE = 100


def remind_of_endings() -> int:
    """Send an e-mail to everybody who soon loses a proof that a right asks for; return to how many.

    A person gets one e-mail about all proofs that end within 30 days, and another one a week before the first of them does.
    Nobody is told of a proof that a later one or a waiver outlasts. Safe to run twice, and to be killed: each batch of people is
    one transaction. Writes outbox messages.
    """
    told = 0
    while some := _remind_some(timezone.now()):
        told += some
    return told


def _ending(now: datetime) -> QuerySet[Award]:
    """Return the proofs that end within 30 days, are asked for, and are the last of their kind that their holder has."""
    same = {"user": OuterRef("user"), "training": OuterRef("training")}
    asked = Requirement.objects.filter(training=OuterRef("training"), min_major__lte=OuterRef("major"))
    outlasts = Q(expires_at=None) | Q(expires_at__gt=OuterRef("expires_at"))
    return (
        Award.objects.valid(now)
        .filter(Exists(asked), expires_at__lte=now + timedelta(days=REMIND_DAYS[0]), user__is_active=True)
        .exclude(user__email__endswith=f"@{NO_ADDRESS}")
        .exclude(Exists(Award.objects.valid(now).filter(outlasts, **same)))
        .exclude(Exists(Waiver.objects.valid(now).filter(expires_at__gt=OuterRef("expires_at"), **same)))
    )


def _days_before(award: Award, now: datetime) -> int:
    """Return which of the reminders is the one for `award` now."""
    assert award.expires_at is not None
    return min(days for days in REMIND_DAYS if award.expires_at <= now + timedelta(days=days))


@transaction.atomic
def _remind_some(now: datetime) -> int:
    soon = Q(expires_at__lte=now + timedelta(days=REMIND_DAYS[1]), reminded=REMIND_DAYS[0])
    due = _ending(now).filter(Q(reminded=None) | soon).order_by("user").values_list("user", flat=True).distinct()
    awards = _ending(now).filter(user__in=list(due[:PEOPLE_AT_ONCE])).select_for_update(of=("self",))
    of_each: dict[User, list[Award]] = {}
    for award in awards.select_related("user", "training").order_by("expires_at", "training__order"):
        of_each.setdefault(award.user, []).append(award)
    for user, ending in of_each.items():
        _write(user, ending)
        for award in ending:
            award.reminded = _days_before(award, now)
    Award.objects.bulk_update([award for ending in of_each.values() for award in ending], ["reminded"])
    return len(of_each)


def tell_of_new_charter() -> int:
    """Send an e-mail to everybody who signed an earlier version of the charter than the one in force; return to how many.

    Once for each version, and only while a right asks for the charter. Safe to run twice, and to be killed. Writes
    outbox messages.
    """
    told = 0
    charter = current_charter()
    if charter is not None and Requirement.objects.filter(charter=True).exists():
        while some := _tell_some(charter):
            told += some
    return told


@transaction.atomic
def _tell_some(charter: Charter) -> int:
    later = CharterSignature.objects.filter(user=OuterRef("user"), charter__gt=OuterRef("charter"))
    signatures = (
        CharterSignature.objects.filter(Q(told_of=None) | Q(told_of__lt=charter.version), charter__lt=charter.version)
        .filter(user__is_active=True)
        .exclude(user__email__endswith=f"@{NO_ADDRESS}")
        .exclude(Exists(later))
        .select_for_update(of=("self",))
        .select_related("user")
        .order_by("pk")[:PEOPLE_AT_ONCE]
    )
    for signature in signatures:
        user = signature.user
        with translation.override(user.language or settings.LANGUAGE_CODE):
            context = _context(user) | {"charter": charter, "url": settings.BASE_URL + reverse("access:charter")}
            body = render_to_string("access/mail/new_charter.txt", context).strip() + "\n"
            mail.queue(to=[user.email], subject=_("The AI charter has changed: please sign it again"), body=body)
    CharterSignature.objects.filter(pk__in=[signature.pk for signature in signatures]).update(told_of=charter.version)
    return len(signatures)


def _context(user: User) -> dict[str, Any]:
    """Return what every e-mail says, in the active language."""
    return {
        "name": user.get_short_name(),
        "portal": organisation.filled(_("{{organisation’s}} AI portal")),
        "home": settings.BASE_URL,
        "support_email": organisation.support_email(),
    }


def _write(user: User, ending: Sequence[Award]) -> None:
    """Queue the e-mail about `ending`, the first to end first."""
    first = ending[0]
    assert first.expires_at is not None
    with translation.override(user.language or settings.LANGUAGE_CODE):
        subject = ngettext(
            "Your course “%(training)s” expires on %(day)s", "%(count)s of your courses expire from %(day)s on", len(ending)
        ) % {"training": first.training.title, "count": len(ending), "day": dates.day(first.expires_at)}
        endings = [(award, capabilities.training_link(award.training_id)) for award in ending]
        context = _context(user) | {"endings": endings}
        mail.queue(to=[user.email], subject=subject, body=render_to_string("access/mail/endings.txt", context).strip() + "\n")
