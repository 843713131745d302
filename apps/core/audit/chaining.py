"""The job that gives entries their place in the chain, and seals days that are over."""

from __future__ import annotations

import logging
from datetime import UTC, datetime, time, timedelta

from django.db import transaction
from django.db.models import Max
from django.utils import timezone

from apps.core.models import AuditEntry, AuditHead, AuditSeal

from . import digests

logger = logging.getLogger("almia.audit")

BATCH = 500
# A day is sealed when no transaction that began in it can still be open.
SEALED_AFTER = timedelta(minutes=10)


def head() -> tuple[int, str]:
    """Return number and hash of the last chained entry: kept somewhere else, they prove that nothing up to it was cut off or
    rewritten."""
    row = AuditHead.objects.filter(pk=1).first() or AuditHead()
    return row.seq, row.hash


def chain(*, batch: int = BATCH) -> int:
    """Give every waiting entry its place in the chain, in transactions of `batch`; return how many there were.

    The order is that of chaining: an entry whose transaction ended late comes after those that were chained before it, and is
    never skipped. Entries that do not match their stamp are logged and chained too, so that they stay visible;
    `verify` finds them. Of two runs at once, the second waits for the first and finds nothing left.
    """
    count = 0
    while AuditEntry.objects.waiting().exists():  # before the lock: when there is nothing to do, nothing is locked
        done = _chain_batch(batch)
        count += done
        if done < batch:
            break
    return count


@transaction.atomic
def _chain_batch(batch: int) -> int:
    end = _locked_head()
    entries = list(AuditEntry.objects.waiting().order_by("at", "id")[:batch])
    for entry in entries:
        if not digests.is_stamped(entry):
            logger.error("Audit entry with id %s was changed before it was chained, or not written by Almia.", entry.pk)
        entry.seq, entry.previous_hash = end.seq + 1, end.hash
        entry.hash = digests.hash_of(entry)
        end.seq, end.hash = entry.seq, entry.hash
    AuditEntry.objects.place(entries)
    end.save(update_fields=["seq", "hash"])
    return len(entries)


def _locked_head() -> AuditHead:
    end = AuditHead.objects.select_for_update().filter(pk=1).first()
    if end is None:
        # Made in a savepoint: of two first runs at once, the second takes the first one's row and waits for its lock.
        AuditHead.objects.get_or_create(pk=1)
        end = AuditHead.objects.select_for_update().get(pk=1)
    return end


def seal_days() -> int:
    """Write the seal of each day (UTC) that is over and has entries after the previous seal; return how many were written.

    An entry that is chained after the seal of its own day belongs to the next one.
    """
    count = 0
    while _next_day_over(AuditSeal.objects.order_by("-seq").first()) is not None:
        count += _seal_next_day()
    return count


def _next_day_over(last: AuditSeal | None) -> datetime | None:
    """Return the end of the first day after `last` that must be sealed now; None if there is none."""
    first = AuditEntry.objects.filter(seq__gt=last.seq if last else 0).order_by("seq").values_list("at", flat=True).first()
    if first is None:
        return None
    day = first.astimezone(UTC).date()
    if last is not None:
        day = max(day, last.day + timedelta(days=1))
    end = datetime.combine(day + timedelta(days=1), time.min, tzinfo=UTC)
    return end if end + SEALED_AFTER <= timezone.now() else None


@transaction.atomic
def _seal_next_day() -> int:
    _locked_head()
    last = AuditSeal.objects.order_by("-seq").first()
    end = _next_day_over(last)
    if end is None:
        return 0
    after, known = (last.seq, last.last_id) if last else (0, 0)
    chained = AuditEntry.objects.filter(seq__gt=after)
    until = chained.filter(at__lt=end).order_by("-at", "-id")[0]  # it exists: `end` was computed from that entry
    assert until.seq is not None
    last_id = max(known, chained.filter(seq__lte=until.seq).aggregate(last=Max("id"))["last"])
    seal = AuditSeal(
        day=end.date() - timedelta(days=1),
        seq=until.seq,
        hash=until.hash,
        last_id=last_id,
        entries=until.seq - after,
        unused=last_id - known - AuditEntry.objects.filter(id__gt=known, id__lte=last_id).count(),
    )
    seal.mark = digests.mark_of(seal)
    seal.save(force_insert=True)
    return 1
