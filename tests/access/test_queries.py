from __future__ import annotations

import itertools
import random
from datetime import UTC, date, datetime, timedelta

import pytest
from django.utils import timezone, translation
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.access import capabilities
from apps.access.enums import ProofState
from apps.access.impact import Ask, asks_of, impact_of, with_ask, without_ask
from apps.access.models import Award, Charter, Training
from apps.access.queries import charter_for, current_charter, explain, explain_all, has_capability
from apps.accounts.models import User
from tests.factories.access import (
    AwardFactory,
    CharterFactory,
    RequirementFactory,
    SignatureFactory,
    TrainingFactory,
    WaiverFactory,
    entitled_user,
)
from tests.factories.accounts import UserFactory

from .conftest import CODE

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, tzinfo=timezone.get_default_timezone())
PAST, FUTURE, SOON = NOW - timedelta(days=1), NOW + timedelta(days=30), NOW + timedelta(minutes=1)


@pytest.fixture
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    """The time is NOW, and does not move."""
    monkeypatch.setattr("django.utils.timezone.now", lambda: NOW)


# The possible proofs for one training that is required from major 2 on, and whether each counts.
PROOFS: dict[str, tuple[dict[str, object], bool]] = {
    "valid": ({"major": 2, "expires_at": FUTURE}, True),
    "valid without end": ({"major": 2}, True),
    "a later version": ({"major": 3, "expires_at": SOON}, True),
    "an earlier version": ({"major": 1}, False),
    "expired yesterday": ({"major": 2, "expires_at": PAST}, False),
    "expiring at this very moment": ({"major": 2, "expires_at": NOW}, False),
    "expiring a moment later": ({"major": 2, "expires_at": NOW + timedelta(microseconds=1)}, True),
    "revoked": ({"major": 2, "expires_at": FUTURE, "revoked_at": PAST}, False),
    "revoked in the future": ({"major": 2, "revoked_at": FUTURE}, False),
    "waived": ({"waiver": True, "expires_at": SOON}, True),
    "waived until this moment": ({"waiver": True, "expires_at": NOW}, False),
    "waived, then withdrawn": ({"waiver": True, "expires_at": FUTURE, "withdrawn_at": PAST}, False),
}


def give(user: User, training: Training, proof: dict[str, object]) -> None:
    fields = dict(proof)
    if fields.pop("waiver", False):
        WaiverFactory(user=user, training=training, granted_at=NOW - timedelta(days=60), **fields)
    else:
        AwardFactory(user=user, training=training, awarded_at=NOW - timedelta(days=60), **fields)


def agree(user: User) -> bool:
    """Return whether `user` has the capability, after checking that both ways to ask agree."""
    granted = has_capability(user, CODE)
    explanation = explain(user, CODE)
    assert explanation.granted == granted
    assert bool(explanation.sentence) != granted
    if user.is_active and explanation.items:
        assert (explanation.next_step is None) == granted
    return granted


@pytest.mark.usefixtures("noon")
@pytest.mark.parametrize("name", PROOFS)
def test_one_proof(name: str) -> None:
    requirement = RequirementFactory(capability=CODE, min_major=2)
    proof, counts = PROOFS[name]
    user = UserFactory()
    give(user, requirement.training, proof)
    assert agree(user) == counts


@pytest.mark.usefixtures("noon")
def test_every_pair_of_proofs_counts_if_one_of_them_does() -> None:
    requirement = RequirementFactory(capability=CODE, min_major=2)
    for first, second in itertools.combinations(PROOFS, 2):
        user = UserFactory()
        give(user, requirement.training, PROOFS[first][0])
        give(user, requirement.training, PROOFS[second][0])
        assert agree(user) == (PROOFS[first][1] or PROOFS[second][1]), f"{first} + {second}"


@pytest.mark.usefixtures("noon")
def test_explaining_and_deciding_always_agree() -> None:
    """Several trainings at several majors, the charter, closed accounts: drawn at random, always the same draw."""
    draw = random.Random(4711)
    trainings = [TrainingFactory(current_major=3) for _turn in range(3)]
    for training in trainings[:2]:
        RequirementFactory(capability=CODE, training=training, min_major=2)
    RequirementFactory(capability=CODE, training=trainings[2], min_major=1)
    RequirementFactory(capability=CODE, training=None, charter=True)
    capabilities.declare("other.use", "Other")
    RequirementFactory(capability="other.use", training=trainings[0], min_major=3)
    charters = [CharterFactory(version=version, effective_on=date(2026, 11, 20 + version)) for version in (1, 2, 3)]
    granted = 0
    for _person in range(150):
        user = UserFactory(is_active=draw.random() > 0.1)
        for training in trainings:
            for name in draw.sample(list(PROOFS), draw.choice([0, 1, 1, 2, 3])):
                give(user, training, PROOFS[name][0])
        for charter in draw.sample(charters, draw.choice([0, 1, 2, 3])):
            SignatureFactory(user=user, charter=charter)
        granted += agree(user)
    assert 5 < granted < 100, "The draw has both kinds in it"


def test_nothing_asked_for_means_closed() -> None:
    assert not agree(UserFactory())


def test_a_capability_nobody_declared_is_an_error_not_an_open_door() -> None:
    for ask in (has_capability, explain):
        with pytest.raises(LookupError):
            ask(UserFactory(), "misspelt.use")


def test_a_closed_account_has_nothing() -> None:
    user = entitled_user(CODE)
    assert agree(user)
    user.is_active = False
    assert not agree(user)
    assert explain(user, CODE).sentence == "This account is closed."


def test_somebody_elses_proofs_do_not_count() -> None:
    entitled_user(CODE)
    assert not agree(UserFactory())


# The charter -----------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("noon")
def test_the_charter_in_force_is_the_latest_whose_day_has_come() -> None:
    RequirementFactory(capability=CODE, training=None, charter=True)
    user = UserFactory()
    assert current_charter() is None
    assert not agree(user)
    first = CharterFactory(version=1, effective_on=date(2026, 1, 1))
    SignatureFactory(user=user, charter=first)
    assert agree(user)
    second = CharterFactory(version=2, effective_on=date(2026, 11, 23))
    assert current_charter() == first
    assert agree(user)
    Charter.objects.filter(pk=2).update(effective_on=date(2026, 11, 22))
    assert not agree(user)
    assert explain(user, CODE).items[0].state is ProofState.OUTDATED
    SignatureFactory(user=user, charter=second)
    assert agree(user)
    assert charter_for(user)[1] is not None


@pytest.mark.usefixtures("noon")
def test_signing_a_version_to_come_does_not_unsign_the_one_in_force() -> None:
    RequirementFactory(capability=CODE, training=None, charter=True)
    user = UserFactory()
    for version, day in ((1, date(2026, 1, 1)), (2, date(2027, 1, 1))):
        SignatureFactory(user=user, charter=CharterFactory(version=version, effective_on=day))
    assert agree(user)


def test_its_day_comes_at_midnight_here(monkeypatch: pytest.MonkeyPatch) -> None:
    RequirementFactory(capability=CODE, training=None, charter=True)
    user = UserFactory()
    SignatureFactory(user=user, charter=CharterFactory(version=1, effective_on=date(2026, 1, 1)))
    CharterFactory(version=2, effective_on=date(2026, 7, 1))
    for hour_utc, expected in ((21, True), (22, False)):  # Paris in summer: midnight is 22:00 UTC
        moment = datetime(2026, 6, 30, hour_utc, 30, tzinfo=UTC)
        monkeypatch.setattr("django.utils.timezone.now", lambda moment=moment: moment)
        assert agree(user) == expected


# What is said ----------------------------------------------------------------------------------------------------------
@pytest.mark.usefixtures("noon")
def test_each_state_has_its_name_and_the_way_on() -> None:
    states = {
        "valid": ProofState.MET,
        "an earlier version": ProofState.OUTDATED,
        "expired yesterday": ProofState.EXPIRED,
        "revoked": ProofState.REVOKED,
        "waived": ProofState.WAIVED,
    }
    user = UserFactory()
    for name in states:
        requirement = RequirementFactory(capability=CODE, min_major=2)
        give(user, requirement.training, PROOFS[name][0])
    missing = RequirementFactory(capability=CODE)
    items = explain(user, CODE).items
    assert [item.state for item in items] == [*states.values(), ProofState.MISSING]
    assert items[-1].url == f"/learn/{missing.training_id}/"
    assert items[0].until == FUTURE
    step = explain(user, CODE).next_step
    assert step is not None
    assert step.state is ProofState.OUTDATED


@pytest.mark.usefixtures("noon")
def test_of_several_awards_the_one_that_lasts_longest_is_told() -> None:
    requirement = RequirementFactory(capability=CODE)
    user = UserFactory()
    for until in (FUTURE, SOON):
        AwardFactory(user=user, training=requirement.training, awarded_at=PAST, expires_at=until)
    assert explain(user, CODE).items[0].until == FUTURE
    AwardFactory(user=user, training=requirement.training, awarded_at=PAST)
    assert explain(user, CODE).items[0].until is None


def test_titles_follow_the_language() -> None:
    RequirementFactory(capability=CODE, training=TrainingFactory(title_fr="Bien demander", title_en="Asking well"))
    user = UserFactory()
    for language, title in (("fr", "Bien demander"), ("en", "Asking well")):
        with translation.override(language):
            assert title in explain(user, CODE).sentence


# How often the database is asked ---------------------------------------------------------------------------------------
def test_deciding_takes_one_query_and_explaining_too(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    codes = [CODE, capabilities.declare("second.use", "Second"), capabilities.declare("third.use", "Third")]
    for code in codes:
        for _turn in range(3):
            RequirementFactory(capability=code)
        RequirementFactory(capability=code, training=None, charter=True)
    CharterFactory()
    user = entitled_user(CODE)
    with django_assert_num_queries(1):
        assert has_capability(user, CODE)
    with django_assert_num_queries(1):
        explain(user, CODE)
    with django_assert_num_queries(1):
        explain_all(user, codes)


# Who would lose it -----------------------------------------------------------------------------------------------------
def test_the_count_of_who_loses_is_who_really_loses() -> None:
    draw = random.Random(7)
    trainings = [TrainingFactory(current_major=3) for _turn in range(3)]
    for training in trainings[:2]:
        RequirementFactory(capability=CODE, training=training, min_major=1)
    people = [UserFactory(is_active=draw.random() > 0.1) for _turn in range(40)]
    charter = CharterFactory()
    for user in people:
        for training in trainings:
            if draw.random() > 0.3:
                AwardFactory(user=user, training=training, major=draw.choice([1, 2]))
            elif draw.random() > 0.7:
                WaiverFactory(user=user, training=training)
        if draw.random() > 0.4:
            SignatureFactory(user=user, charter=charter)

    from apps.access.services import add_requirement, remove_requirement

    def holders() -> set[User]:
        return {user for user in people if has_capability(user, CODE)}

    changes = [
        Ask(trainings[0].code, 2),
        Ask(trainings[2].code, 1),
        Ask(None),
    ]
    for ask in changes:
        before, old = holders(), asks_of(CODE)
        foreseen = impact_of(before=old, after=with_ask(old, ask))
        chosen = next((training for training in trainings if training.code == ask.training), None)
        requirement = add_requirement(capability=CODE, training=chosen, min_major=ask.min_major, charter=chosen is None)
        after = holders()
        assert (foreseen.holders, foreseen.losing, foreseen.gaining) == (len(before), len(before - after), len(after - before))
        assert foreseen.losing > 0
        if ask.training == trainings[2].code:
            again = asks_of(CODE)
            foreseen = impact_of(before=again, after=without_ask(again, ask))
            remove_requirement(requirement=requirement, actor=people[0])
            assert (foreseen.losing, foreseen.gaining) == (0, len(holders() - after))
            assert foreseen.gaining > 0


def test_asking_for_nothing_closes_it_to_everybody() -> None:
    user = entitled_user(CODE)
    assert has_capability(user, CODE)
    impact = impact_of(before=asks_of(CODE), after=[])
    assert (impact.holders, impact.losing) == (1, 1)


def test_awards_know_what_counts() -> None:
    AwardFactory(expires_at=timezone.now() + timedelta(days=1))
    AwardFactory(revoked_at=timezone.now())
    assert Award.objects.valid().count() == 1
