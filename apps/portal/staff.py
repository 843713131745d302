"""What the staff area reads: what needs attention, tasks that gave up, the audit trail."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.access import capabilities
from apps.access.models import Requirement, Waiver
from apps.access.queries import current_charter
from apps.core.enums import MessageState
from apps.core.models import AuditEntry, OutboxMessage

from .services import VERIFIED

if TYPE_CHECKING:
    from apps.accounts.models import User

WAIVERS_WITHIN = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Attention:
    """Something a member of staff should look at. `level`: bad or warm."""

    title: str
    text: str
    level: str
    url: str | None
    icon: str


def attention_for(user: User) -> list[Attention]:
    """Return what needs attention among what `user` may manage, the most pressing first."""
    found = [item for permission, look in _LOOKS if user.has_perm(permission) for item in look()]
    return sorted(found, key=lambda item: item.level != "bad")


def _dead_tasks() -> list[Attention]:
    count = dead_tasks().count()
    if not count:
        return []
    title = ngettext("%(count)s background task gave up", "%(count)s background tasks gave up", count) % {"count": count}
    return [Attention(title, _("See why, then replay them."), "bad", reverse("portal:tasks"), "activity")]


def _waivers_ending() -> list[Attention]:
    count = Waiver.objects.valid().filter(expires_at__lte=timezone.now() + WAIVERS_WITHIN).count()
    if not count:
        return []
    title = ngettext("%(count)s waiver ends within 30 days", "%(count)s waivers end within 30 days", count) % {"count": count}
    text = _("The people concerned lose what it opens on that day, unless they have passed the course.")
    return [Attention(title, text, "warm", _optional("access:waivers"), "clock")]


def _requirement_gaps() -> list[Attention]:
    asked: dict[str, list[Requirement]] = {}
    for requirement in Requirement.objects.select_related("training"):
        asked.setdefault(requirement.capability, []).append(requirement)
    url = _optional("access:requirements")
    found = [
        Attention(
            _("%(what)s is closed to everyone") % {"what": capability.label},
            _("No training has been set for it: nobody can get this right."),
            "bad",
            url,
            "lock",
        )
        for capability in capabilities.all_capabilities()
        if capability.code not in asked
    ]
    trainings = {
        requirement.training
        for requirements in asked.values()
        for requirement in requirements
        if requirement.training is not None
    }
    found += [
        Attention(
            _("Nobody can take “%(training)s” here") % {"training": training.title},
            _("A right asks for it, but no course offers it: only an import or a waiver can prove it."),
            "warm",
            url,
            "graduation-cap",
        )
        for training in sorted(trainings, key=lambda training: training.order)
        if capabilities.training_link(training.code) is None
    ]
    if any(requirement.charter for group in asked.values() for requirement in group) and current_charter() is None:
        found.append(
            Attention(
                _("No charter is in force"),
                _("A right asks for a signed charter, but there is none to sign."),
                "bad",
                url,
                "file-text",
            )
        )
    return found


_LOOKS: list[tuple[str, Callable[[], list[Attention]]]] = [
    ("core.manage_tasks", _dead_tasks),
    ("access.manage_access", _requirement_gaps),
    ("access.manage_access", _waivers_ending),
]


def dead_tasks() -> QuerySet[OutboxMessage]:
    """Return the tasks that gave up, the latest first."""
    return OutboxMessage.objects.filter(state=MessageState.DEAD).order_by("-finished_at", "-pk")


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """How the background work stands."""

    waiting: int
    running: int
    dead: int
    oldest_waiting: datetime | None


def queue_figures() -> QueueFigures:
    """Return the figures of the outbox, in two queries."""
    from django.db.models import Count, Min, Q

    counts = OutboxMessage.objects.aggregate(
        waiting=Count("pk", filter=Q(state=MessageState.PENDING)),
        running=Count("pk", filter=Q(state=MessageState.PUBLISHED)),
        dead=Count("pk", filter=Q(state=MessageState.DEAD)),
        oldest_waiting=Min("created_at", filter=Q(state=MessageState.PENDING)),
    )
    return QueueFigures(**counts)


def audit_entries(*, action: str = "", since: date | None = None, until: date | None = None) -> QuerySet[AuditEntry]:
    """Return the trail's entries, the latest first; `since` and `until` are whole days of the portal's time zone."""
    entries = AuditEntry.objects.order_by("-seq")
    if action:
        entries = entries.filter(action=action)
    if since:
        entries = entries.filter(at__gte=_start_of(since))
    if until:
        entries = entries.filter(at__lt=_start_of(until + timedelta(days=1)))
    return entries


def audit_actions() -> list[str]:
    """Return the actions there are in the trail."""
    return list(AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct())


def last_verification() -> AuditEntry | None:
    """Return the entry that says how the last verification of the trail ended."""
    return AuditEntry.objects.filter(action=VERIFIED).order_by("-seq").first()


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _optional(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
