"""What was used: totals, by version and by day, from the ledger."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID

from django.db.models import Avg, Count, Q, Sum
from django.db.models.functions import TruncDate
from django.utils import timezone

from .enums import Outcome
from .models import ModelVersion, UsageEntry

CHART_HEIGHT = 120
BAR_STEP = 12


@dataclass(slots=True)
class Total:
    """Sums over some calls. `costs`: by currency; they are never added across currencies."""

    calls: int = 0
    failed: int = 0
    tokens_in: int = 0
    tokens_out: int = 0
    costs: dict[str, Decimal] = field(default_factory=dict)
    first_token_ms: int | None = None

    def add(self, row: Mapping[str, Any]) -> None:
        """Add one row of the aggregate."""
        self.calls += row["calls"]
        self.failed += row["failed"]
        self.tokens_in += row["read"]
        self.tokens_out += row["written"]
        if row["spent"]:
            self.costs[row["currency"]] = self.costs.get(row["currency"], Decimal(0)) + row["spent"]

    @property
    def tokens(self) -> int:
        return self.tokens_in + self.tokens_out

    @property
    def failed_share(self) -> float:
        """Per cent of the calls that failed."""
        return 100 * self.failed / self.calls if self.calls else 0.0


@dataclass(frozen=True, slots=True)
class Bar:
    """One day of the chart, in the units of its drawing: the calls that went well stand on those that failed."""

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


def usage_figures(days: int) -> Figures:
    """Return the figures of the last `days` days, today included. Three queries, however many calls there were."""
    today = timezone.localdate()
    first = today - timedelta(days=days - 1)
    entries = UsageEntry.objects.filter(started_at__gte=timezone.make_aware(datetime.combine(first, time.min)))
    rows = (
        entries.annotate(day=TruncDate("started_at"))
        .values("day", "version", "currency")
        .annotate(
            calls=Count("pk"),
            failed=Count("pk", filter=Q(outcome=Outcome.FAILED)),
            read=Sum("tokens_in"),
            written=Sum("tokens_out"),
            spent=Sum("cost"),
        )
        .order_by("day")
    )
    total = Total()
    by_day: dict[date, Total] = {first + timedelta(days=number): Total() for number in range(days)}
    by_version: dict[UUID, Total] = {}
    for row in rows:
        total.add(row)
        by_day.setdefault(row["day"], Total()).add(row)
        by_version.setdefault(row["version"], Total()).add(row)
    speeds = entries.values("version").annotate(first=Avg("first_token_ms")).order_by("version")
    for speed in speeds:
        if speed["first"] is not None and speed["version"] in by_version:
            by_version[speed["version"]].first_token_ms = round(speed["first"])
    versions = ModelVersion.objects.select_related("model", "provider").in_bulk(list(by_version))
    return Figures(
        days=days,
        total=total,
        by_version=sorted(((versions[pk], part) for pk, part in by_version.items()), key=lambda pair: -pair[1].calls),
        by_day=sorted(by_day.items()),
        highest=max((part.calls for part in by_day.values()), default=0),
    )
