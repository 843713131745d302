"""What the portal's own staff pages read: tasks that gave up, the audit trail."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING

from django.db.models import Count, Min, Q, QuerySet
from django.utils import timezone

from apps.core import audit
from apps.core.enums import MessageState
from apps.core.models import AuditEntry, OutboxMessage

from .verification import VERIFIED

if TYPE_CHECKING:
    from apps.accounts.models import User


def dead_tasks() -> QuerySet[OutboxMessage]:
    """Return the tasks that gave up, the latest first."""
    return OutboxMessage.objects.filter(state=MessageState.DEAD).order_by("-finished_at", "-pk")


@dataclass(frozen=True, slots=True)
class QueueFigures:
    """The state of the background work."""

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


def audit_entries(
    *, action: str = "", person: User | None = None, since: date | None = None, until: date | None = None
) -> QuerySet[AuditEntry]:
    """Return the trail's entries, the latest first: of one action, by or about one person, on some days.

    `since` and `until` are whole days of the portal's time zone.
    """
    entries = AuditEntry.objects.order_by("-at", "-id")
    if person is not None:
        entries = entries.filter(audit.entries_of(person))
    if action:
        entries = entries.filter(action=action)
    if since:
        entries = entries.filter(at__gte=_start_of(since))
    if until:
        entries = entries.filter(at__lt=_start_of(until + timedelta(days=1)))
    return entries


@dataclass(frozen=True, slots=True)
class TrailRow:
    """An entry of the trail as staff read it.

    `by_person`, `about_person`: whether the person who was searched for did it, and whether it concerns them; nobody else is
    named.
    """

    entry: AuditEntry
    label: str
    details: list[str]
    target: str
    by_person: bool
    about_person: bool


def trail_rows(entries: Iterable[AuditEntry], person: User | None = None) -> list[TrailRow]:
    """Return `entries` as shown to staff who searched for `person`."""
    mark = audit.pseudonym(person) if person is not None else None
    return [
        TrailRow(
            entry,
            audit.label_of(entry.action),
            audit.details_of(entry.action, entry.details),
            audit.shown_target(entry.target),
            by_person=entry.actor == mark,
            about_person=entry.subject == mark,
        )
        for entry in entries
    ]


def audit_actions() -> list[str]:
    """Return the actions that occur in the trail."""
    return list(AuditEntry.objects.order_by("action").values_list("action", flat=True).distinct())


def last_verification() -> AuditEntry | None:
    """Return the entry that says how the last verification of the trail ended."""
    return AuditEntry.objects.filter(action=VERIFIED).order_by("-at", "-id").first()


def _start_of(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))
