"""What the portal's own staff pages read: tasks that gave up, the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from apps.core import audit
from apps.core.enums import MessageState
from apps.core.models import AuditEntry, OutboxMessage

from .services import VERIFIED


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


@dataclass(frozen=True, slots=True)
class TrailRow:
    """An entry of the trail as staff read it."""

    entry: AuditEntry
    label: str


def trail_rows(entries: Iterable[AuditEntry]) -> list[TrailRow]:
    """Return `entries` as staff read them."""
    return [TrailRow(entry, audit.label_of(entry.action)) for entry in entries]


def audit_actions() -> list[str]:
    """Return the actions there are in the trail."""
    return list(AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct())


def last_verification() -> AuditEntry | None:
    """Return the entry that says how the last verification of the trail ended."""
    return AuditEntry.objects.filter(action=VERIFIED).order_by("-seq").first()


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
