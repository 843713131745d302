"""The ledger, day by day."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.utils import timezone

from apps.gateway.figures import added_up, start_of
from apps.gateway.models import LedgerState, UsageDay, UsageEntry

# A day is added up once nothing can be added to it any more: a call that began before midnight has ended by then.
SETTLED_AFTER = timedelta(hours=2)
DAYS_AT_ONCE = 31


def add_up_usage() -> int:
    """Add up the days that are over and have not been added up, the oldest first; return how many days were done.

    At most `DAYS_AT_ONCE` per run, each in a transaction of its own. Safe to run twice.
    """
    last = timezone.localdate(timezone.now() - SETTLED_AFTER) - timedelta(days=1)
    done = 0
    while done < DAYS_AT_ONCE and _add_up_next(last):
        done += 1
    return done


@transaction.atomic
def _add_up_next(last: date) -> bool:
    """Add up the next day, if it is not after `last`; return whether there was one."""
    state = LedgerState.objects.select_for_update().filter(pk=1).first()
    if state is None:
        first = UsageEntry.objects.order_by("started_at").values_list("started_at", flat=True).first()
        if first is None:
            return False
        day = timezone.localdate(first)
        state = LedgerState(added_until=day - timedelta(days=1))
    day = state.added_until + timedelta(days=1)
    if day > last:
        return False
    entries = UsageEntry.objects.filter(started_at__gte=start_of(day), started_at__lt=start_of(day + timedelta(days=1)))
    UsageDay.objects.filter(day=day).delete()
    UsageDay.objects.bulk_create(
        UsageDay(
            day=day,
            version_id=row["version"],
            purpose=row["purpose"],
            currency=row["currency"],
            calls=row["n"],
            failed=row["n_failed"],
            tokens_in=row["read"],
            tokens_out=row["written"],
            cost=row["spent"],
            first_token_calls=row["n_first"],
            first_token_ms=row["sum_first"] or 0,
        )
        for row in added_up(entries)
    )
    state.added_until = day
    state.save()
    return True
