"""Appending to the trail: one INSERT in the transaction of the write, no lock and nothing read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from itertools import islice
from typing import Any

from django.db import models, transaction
from django.utils import timezone

from apps.core.models import AuditEntry

from . import digests
from .numbering import writer
from .people import pseudonym, target_of

BATCH = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """The content of one entry; the fields are the arguments of `record`. `at`: when it happened, if that is not now."""

    actor: models.Model | None
    action: str
    target: models.Model | str
    subject: models.Model | None = None
    reason: str = ""
    details: dict[str, Any] = field(default_factory=dict)
    at: datetime | None = None


def record(
    *,
    actor: models.Model | None,
    action: str,
    target: models.Model | str,
    subject: models.Model | None = None,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Append one entry, inside the caller's transaction: both the write and its entry are stored, or neither. One INSERT.

    `actor`: the person who acts (None: the system). `action`: `app.verb`, for example `access.grant_waiver`; the app's `trail.py`
    says how staff read it.
    `target`: a model instance (a person is kept under their pseudonym) or `app.Model:pk`.
    `subject`: the person concerned, if there is one.
    `details`: JSON values; never content of prompts, answers or documents.
    Raises TransactionManagementError outside a transaction.
    """
    _require_transaction()
    entry = _entry(
        Event(actor=actor, action=action, target=target, subject=subject, reason=reason, details=details or {}), timezone.now()
    )
    entry.save(force_insert=True)
    writer.count_when_committed(1)
    return entry


def record_many(events: Iterable[Event]) -> int:
    """Append an entry for each event, inside the caller's transaction; return how many. One INSERT for each `BATCH`.

    For imports and made-up worlds. Raises TransactionManagementError outside a transaction.
    """
    _require_transaction()
    now, rest, count = timezone.now(), iter(events), 0
    while entries := [_entry(event, now) for event in islice(rest, BATCH)]:
        AuditEntry.objects.append(entries)
        count += len(entries)
    writer.count_when_committed(count)
    return count


def _require_transaction() -> None:
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("An audit entry belongs in the transaction of what it tells.")


def _entry(event: Event, now: datetime) -> AuditEntry:
    entry = AuditEntry(
        at=event.at or now,
        actor=pseudonym(event.actor),
        action=event.action,
        target=target_of(event.target),
        subject=pseudonym(event.subject) if event.subject is not None else "",
        reason=event.reason,
        details=event.details,
    )
    entry.stamp = digests.stamp(entry)
    return entry
