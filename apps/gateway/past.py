"""Models, their prices and what was used in a made-up past.

The models are invented: their provider is not in use, so that nobody in the try-out talks to an address that does not exist. The
version being phased out is an earlier one of the embedded model, which answers like the current one.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

from django.utils import timezone

from apps.access.models import CharterSignature
from apps.core import sql
from apps.core.ids import uuid7
from apps.core.past import Past, at

from .enums import EMBEDDED_UPSTREAM, STANDARD_ALIAS, Outcome, VersionStatus
from .models import LedgerState, Model, ModelVersion, Provider, UsageDay, UsageEntry
from .registering import embedded_provider, embedded_version

PROVIDER = "Nuage Boréal"
ENTRIES = 60_000  # the latest calls, which are in the ledger one by one; older ones are there as sums per day
A_DAY = 0.3  # share of the people who may use AI who do so on a working day
FAILED = 0.012
PRACTICE = 0.06
NOBODY = "http://127.0.0.1:1/v1"  # until the embedded model runs and reports its address


@dataclass(frozen=True, slots=True)
class Used:
    """A version, how often it is chosen, and between which days."""

    version: ModelVersion
    weight: int
    since: date
    until: date
    speed: int  # milliseconds until the first word


def write_models(past: Past) -> int:
    """Register the models that were used; nothing if that was done before."""
    if Provider.objects.filter(name=PROVIDER).exists():
        return 0
    provider = Provider.objects.create(name=PROVIDER, base_url="https://api.nuage-boreal.example/v1", enabled=False)
    today = timezone.localdate(past.until)
    changed = today - timedelta(days=70)
    large, small = (Model.objects.create(name=name, publisher="Boréal") for name in ("Aquilon", "Zéphyr"))
    versions = [
        ModelVersion(
            model=large,
            label="2",
            upstream_name="aquilon-2",
            status=VersionStatus.RETIRED,
            price_in=Decimal("2.40"),
            price_out=Decimal("7.20"),
            released_on=timezone.localdate(past.start) - timedelta(days=200),
            deprecated_on=changed - timedelta(days=30),
            retires_on=changed,
        ),
        ModelVersion(
            model=large,
            label="3",
            upstream_name="aquilon-3",
            status=VersionStatus.ACTIVE,
            price_in=Decimal("1.80"),
            price_out=Decimal("5.40"),
            released_on=changed - timedelta(days=20),
        ),
        ModelVersion(
            model=small,
            label="1",
            upstream_name="zephyr-1",
            status=VersionStatus.ACTIVE,
            price_in=Decimal("0.15"),
            price_out=Decimal("0.60"),
            released_on=timezone.localdate(past.start) - timedelta(days=90),
        ),
    ]
    for version in versions:
        version.provider, version.context_window, version.created_at = provider, 128_000, past.start
    ModelVersion.objects.bulk_create(versions)
    return 2 + len(versions) + 2 + _phase_out(past)


def _phase_out(past: Past) -> int:
    """Leave an earlier version of the embedded model that ends soon."""
    provider = embedded_provider()
    if provider._state.adding:
        provider.base_url = NOBODY
        provider.save()
    if provider.versions.exists():
        return 0
    today = timezone.localdate(past.until)
    present, _made = embedded_version(provider)
    ModelVersion.objects.create(
        model=present.model,
        provider=provider,
        label="v0",
        upstream_name=EMBEDDED_UPSTREAM,
        status=VersionStatus.DEPRECATED,
        released_on=timezone.localdate(past.start),
        deprecated_on=today - timedelta(days=11),
        retires_on=today + timedelta(days=19),
        context_window=present.context_window,
        max_output_tokens=present.max_output_tokens,
        created_at=past.start,
    )
    return 3


def write_usage(past: Past) -> int:
    """Write the usage of people who had signed the charter: calls one by one for the last days, sums for the days before."""
    if UsageEntry.objects.exists() or UsageDay.objects.exists():
        return 0
    chance = past.random("gateway")
    signatures = CharterSignature.objects.order_by("user__email").values_list("user", "signed_at")
    people = [(timezone.localdate(signed), user) for user, signed in signatures]
    if not people:
        return 0
    used = _used(past)
    entries: list[tuple[Any, ...]] = []
    sums: list[UsageDay] = []
    for day in sorted(past.days(), reverse=True):
        able = [user for signed, user in people if signed <= day]
        if not able:
            break
        calls = list(_calls(day, able, used, chance))
        if not sums and len(entries) + len(calls) <= ENTRIES:
            entries += calls
        else:
            sums += _summed(day, calls)
    count = sql.insert_many(UsageEntry, COLUMNS, entries)
    if sums:
        UsageDay.objects.bulk_create(sums, batch_size=500)
        LedgerState.objects.create(added_until=max(row.day for row in sums))
    return count + len(sums)


def _used(past: Past) -> list[Used]:
    versions = {version.upstream_name: version for version in ModelVersion.objects.filter(provider__name=PROVIDER)}
    first, last, changed = timezone.localdate(past.start), timezone.localdate(past.until), versions["aquilon-2"].retires_on
    assert changed is not None
    return [
        Used(versions["aquilon-2"], 8, first, changed, 620),
        Used(versions["aquilon-3"], 8, changed, last, 480),
        Used(versions["zephyr-1"], 3, first, last, 210),
    ]


COLUMNS = [
    *("id", "user_id", "version_id", "alias", "purpose", "tokens_in", "tokens_out", "estimated", "price_in", "price_out"),
    *("currency", "cost", "started_at", "first_token_ms", "total_ms", "outcome", "finish_reason", "error_code"),
]
_PLACE = {name: place for place, name in enumerate(COLUMNS)}


def _calls(day: date, able: list[UUID], used: list[Used], chance: Random) -> Iterator[tuple[Any, ...]]:
    """Yield the calls of one day, as rows of the ledger."""
    offered = [choice for choice in used if choice.since <= day < choice.until]
    weights = [choice.weight for choice in offered]
    for user in chance.sample(able, max(1, round(len(able) * A_DAY * chance.uniform(0.7, 1.2)))):
        for _call in range(min(1 + int(chance.expovariate(0.6)), 12)):
            [choice] = chance.choices(offered, weights)
            version = choice.version
            failed = chance.random() < FAILED
            read = int(chance.lognormvariate(6.2, 0.9))
            written = 0 if failed else int(chance.lognormvariate(5.6, 0.7))
            first = None if failed else int(choice.speed * chance.uniform(0.7, 2.1))
            yield (
                uuid7(),
                user,
                version.pk,
                STANDARD_ALIAS,
                "practice" if chance.random() < PRACTICE else "chat",
                read,
                written,
                False,
                version.price_in,
                version.price_out,
                version.currency,
                (version.price_in * read + version.price_out * written) / 1_000_000,
                at(day, chance),
                first,
                None if first is None else first + written * 14,
                Outcome.FAILED if failed else Outcome.COMPLETED,
                "" if failed else "stop",
                "timeout_first" if failed else "",
            )


def _summed(day: date, calls: list[tuple[Any, ...]]) -> list[UsageDay]:
    """Return one day of calls added up, as the ledger does it once a day is over."""

    def column(some: list[tuple[Any, ...]], name: str) -> list[Any]:
        return [call[_PLACE[name]] for call in some]

    by_kind: dict[tuple[UUID, str, str], list[tuple[Any, ...]]] = defaultdict(list)
    for call in calls:
        by_kind[call[_PLACE["version_id"]], call[_PLACE["purpose"]], call[_PLACE["currency"]]].append(call)
    return [
        UsageDay(
            day=day,
            version_id=version,
            purpose=purpose,
            currency=currency,
            calls=len(some),
            failed=column(some, "outcome").count(Outcome.FAILED),
            tokens_in=sum(column(some, "tokens_in")),
            tokens_out=sum(column(some, "tokens_out")),
            cost=sum(column(some, "cost"), Decimal(0)),
            first_token_calls=sum(first is not None for first in column(some, "first_token_ms")),
            first_token_ms=sum(first or 0 for first in column(some, "first_token_ms")),
        )
        for (version, purpose, currency), some in by_kind.items()
    ]
