"""Who would gain or lose a capability if its requirements changed: shown before anybody confirms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from apps.accounts.models import User

from .models import Award, CharterSignature, Requirement, Waiver
from .queries import current_charter


@dataclass(frozen=True, slots=True)
class Ask:
    """One thing to ask for: a training at least at `min_major`, or (`training` None) the charter in force."""

    training: str | None
    min_major: int = 1


@dataclass(frozen=True, slots=True)
class Impact:
    """`holders`: people who have the capability now. `losing`, `gaining`: people who would lose it, or newly have it."""

    holders: int
    losing: int
    gaining: int


def asks_of(capability: str) -> list[Ask]:
    """Return what `capability` asks for now."""
    return [
        Ask(requirement.training_id, requirement.min_major) for requirement in Requirement.objects.filter(capability=capability)
    ]


def with_ask(asks: Sequence[Ask], ask: Ask) -> list[Ask]:
    """Return `asks` with `ask` added, or instead of what was asked of the same training."""
    return [*(present for present in asks if present.training != ask.training), ask]


def without_ask(asks: Sequence[Ask], ask: Ask) -> list[Ask]:
    return [present for present in asks if present.training != ask.training]


def impact_of(*, before: Sequence[Ask], after: Sequence[Ask]) -> Impact:
    """Return how a change from `before` to `after` affects the people with an open account. At most four queries."""
    holders, coming = _holders(before), _holders(after)
    return Impact(
        holders=holders.count(),
        losing=holders.exclude(pk__in=coming.values("pk")).count(),
        gaining=coming.exclude(pk__in=holders.values("pk")).count(),
    )


def _holders(asks: Sequence[Ask]) -> QuerySet[User]:
    people = User.objects.filter(is_active=True)
    if not asks:
        return people.none()  # a capability that asks for nothing is closed
    now = timezone.now()
    charter = current_charter() if any(ask.training is None for ask in asks) else None
    for ask in asks:
        people = people.filter(_met(ask, now, charter.version if charter else None))
    return people


def _met(ask: Ask, now: datetime, charter: int | None) -> Q:
    mine = {"user": OuterRef("pk")}
    if ask.training is None:
        return Q(Exists(CharterSignature.objects.filter(**mine, charter=charter)))
    awarded = Exists(Award.objects.valid(now).filter(**mine, training=ask.training, major__gte=ask.min_major))
    return Q(awarded) | Q(Exists(Waiver.objects.valid(now).filter(**mine, training=ask.training)))
