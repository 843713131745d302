"""The ledger added up by day: the same figures, without reading every call."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from apps.gateway.enums import Outcome
from apps.gateway.figures import usage_figures
from apps.gateway.models import LedgerState, UsageDay, UsageEntry
from apps.gateway.services import add_up_usage
from tests.factories.gateway import UsageFactory, VersionFactory

pytestmark = pytest.mark.django_db


def at(day: date, hour: int = 12, minute: int = 0) -> datetime:
    return timezone.make_aware(datetime.combine(day, time(hour, minute)))


@pytest.fixture
def today() -> date:
    return timezone.localdate()


def fill(today: date) -> None:
    one, other = VersionFactory.create(), VersionFactory.create()
    for days in range(12):
        day = today - timedelta(days=days)
        UsageFactory.create(version=one, started_at=at(day, 0, 0))
        UsageFactory.create(version=one, started_at=at(day, 1, 30), outcome=Outcome.FAILED, first_token_ms=None)
        UsageFactory.create(version=other, started_at=at(day, 1, 59), currency="USD", purpose="practice")


def same(days: int = 10) -> list[Any]:
    figures = usage_figures(days)
    by_version = sorted((version.pk, total) for version, total in figures.by_version)
    return [figures.total, figures.by_day, by_version, figures.bars]


def test_the_figures_are_the_same_before_and_after(today: date) -> None:
    fill(today)
    before = same()
    assert add_up_usage() >= 10
    assert UsageDay.objects.exists()
    after = same()
    assert after == before
    assert after[0].calls == 30
    # Proof that the settled days are no longer read from the ledger.
    UsageEntry.objects.filter(started_at__lt=at(today - timedelta(days=3))).delete()
    assert same() == before


def test_adding_up_again_does_nothing(today: date) -> None:
    fill(today)
    assert add_up_usage() > 0
    rows = list(UsageDay.objects.order_by("pk").values())
    assert add_up_usage() == 0
    assert list(UsageDay.objects.order_by("pk").values()) == rows


def test_nothing_to_add_up(today: date) -> None:
    assert add_up_usage() == 0
    UsageFactory.create(started_at=timezone.now())
    assert add_up_usage() == 0
    assert not LedgerState.objects.exists()


def test_a_day_is_left_open_until_its_last_call_has_ended(today: date, monkeypatch: pytest.MonkeyPatch) -> None:
    yesterday = today - timedelta(days=1)
    version = VersionFactory.create()
    UsageFactory.create(version=version, started_at=at(yesterday - timedelta(days=1)))
    UsageFactory.create(version=version, started_at=at(yesterday))
    monkeypatch.setattr("apps.gateway.services.ledger.timezone.now", lambda: at(today, 1, 59))
    add_up_usage()
    assert LedgerState.objects.get().added_until == yesterday - timedelta(days=1)
    UsageFactory.create(version=version, started_at=at(yesterday, 23, 59))  # recorded when it ended, after midnight
    monkeypatch.setattr("apps.gateway.services.ledger.timezone.now", lambda: at(today, 2, 1))
    add_up_usage()
    assert LedgerState.objects.get().added_until == yesterday
    assert UsageDay.objects.get(day=yesterday).calls == 2


def test_days_without_calls_are_passed_over_in_portions(today: date) -> None:
    UsageFactory.create(started_at=at(today - timedelta(days=40)), cost=Decimal("0.5"))
    assert add_up_usage() == 31
    assert add_up_usage() in {8, 9}
    assert UsageDay.objects.get().cost == Decimal("0.5")
