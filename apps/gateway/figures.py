"""What was used: totals, by version and by day, from the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from uuid import UUID

from django.db.models import Count, F, Q, QuerySet, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from .enums import Outcome
from .models import LedgerState, ModelVersion, UsageDay, UsageEntry

CHART_HEIGHT = 120
BAR_STEP = 12


@dataclass(slots=True)
class Total:
    """Sums over some calls. `costs`: by currency; they are never added up across currencies."""

    calls: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    costs: dict[str, Decimal] = field(default_factory=dict)
    first_token_calls: int = 0
    first_token_sum: int = 0

    def add(self, row: Mapping[str, Any]) -> None:
        """Add one row of the aggregate."""
        self.calls += row["n"]
        self.failed += row["n_failed"]
        self.tokens_in += row["read"]
        self.tokens_out += row["written"]
        self.first_token_calls += row["n_first"]
        self.first_token_sum += row["sum_first"] or 0
        if row["spent"]:
            self.costs[row["currency"]] = self.costs.get(row["currency"], Decimal(0)) + row["spent"]

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_out

    @property
    def first_token_ms(self) -> int | None:
        """The mean time to the first word."""
        return round(self.first_token_sum / self.first_token_calls) if self.first_token_calls else None

    @property
    def failed_share(self) -> float:
        """Per cent of the calls that failed."""
        return 100 * self.failed / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart, in the units of its drawing: the successful calls are stacked on the failed ones."""

    day: date
    total: Total
    x: int
    good_y: float
    good_height: float
    failed_y: float
    failed_height: float


@dataclass(frozen=True, slots=True)
class Figures:
    """Everything the page shows for a period."""

    days: int
    total: Total
    by_version: list[tuple[ModelVersion, Total]]
    by_day: list[tuple[date, Total]]
    highest: int

    @property
    def width(self) -> int:
        return len(self.by_day) * BAR_STEP

    @property
    def bars(self) -> list[Bar]:
        unit = CHART_HEIGHT / max(self.highest, 1)
        found = []
        for number, (day, total) in enumerate(self.by_day):
            failed, good = total.failed * unit, (total.calls - total.failed) * unit
            found.append(
                Bar(
                    day=day,
                    total=total,
                    x=number * BAR_STEP,
                    good_y=round(CHART_HEIGHT - failed - good, 2),
                    good_height=round(good, 2),
                    failed_y=round(CHART_HEIGHT - failed, 2),
                    failed_height=round(failed, 2),
                )
            )
        return found


def start_of(day: date) -> datetime:
    """Return the first moment of `day` in the portal's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def added_up(entries: QuerySet[UsageEntry]) -> Any:
    """Return the sums over `entries` by day, version, purpose and currency, as dictionaries."""
    return (
        entries.annotate(day=TruncDate("started_at"))
        .values("day", "version", "purpose", "currency")
        .annotate(
            n=Count("pk"),
            n_failed=Count("pk", filter=Q(outcome=Outcome.FAILED)),
            read=Sum("tokens_in"),
            written=Sum("tokens_out"),
            spent=Sum("cost"),
            n_first=Count("first_token_ms"),
            sum_first=Sum("first_token_ms"),
        )
        .order_by("day", "version")
    )


def usage_figures(days: int) -> Figures:
    """Return the figures of the last `days` days, today included. Four queries, however many calls there were.

    Days that have been added up are read from the sums; the ledger itself is read for the days after them.
    """
    today = timezone.localdate()
    first = today - timedelta(days=days - 1)
    state = LedgerState.objects.filter(pk=1).first()
    live_from = max(first, state.added_until + timedelta(days=1)) if state else first
    settled = UsageDay.objects.filter(day__gte=first, day__lt=live_from).values(
        "day",
        "version",
        "currency",
        n=F("calls"),
        n_failed=F("failed"),
        read=F("tokens_in"),
        written=F("tokens_out"),
        spent=F("cost"),
        n_first=F("first_token_calls"),
        sum_first=F("first_token_ms"),
    )
    total = Total()
    by_day: dict[date, Total] = {first + timedelta(days=number): Total() for number in range(days)}
    by_version: dict[UUID, Total] = {}
    for row in chain(settled, added_up(UsageEntry.objects.filter(started_at__gte=start_of(live_from)))):
        for part in (total, by_day.setdefault(row["day"], Total()), by_version.setdefault(row["version"], Total())):
            part.add(row)
    versions = ModelVersion.objects.select_related("model", "provider").in_bulk(list(by_version))
    return Figures(
        days=days,
        total=total,
        by_version=sorted(((versions[pk], part) for pk, part in by_version.items()), key=lambda pair: -pair[1].calls),
        by_day=sorted(by_day.items()),
        highest=max((part.calls for part in by_day.values()), default=0),
    )
