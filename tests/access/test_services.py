from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django.fixtures import DjangoCaptureOnCommitCallbacks

from apps.access.enums import AwardSource
from apps.access.models import Award, Charter, CharterSignature, Requirement, Training, Waiver
from apps.access.queries import has_capability
from apps.access.services import (
    AccessError,
    add_requirement,
    award_by_hand,
    award_training,
    grant_waiver,
    publish_charter,
    remove_requirement,
    revoke_award,
    sign_charter,
    withdraw_waiver,
)
from apps.accounts.models import User
from apps.core import audit, db
from apps.core.models import AuditEntry
from tests.factories.access import (
    AwardFactory,
    CharterFactory,
    RequirementFactory,
    TrainingFactory,
    WaiverFactory,
    entitled_user,
)
from tests.factories.accounts import UserFactory
from tests.live import LiveServer

from .conftest import CODE

pytestmark = pytest.mark.django_db

TOMORROW = timedelta(days=1)


def actions() -> list[str]:
    return list(AuditEntry.objects.order_by("pk").values_list("action", flat=True))


def award(user: User, training: Training, **changes: object) -> Award:
    fields: dict[str, object] = {"major": 1, "source": AwardSource.COURSE, "expires_at": None, "evidence": "attempt:1"}
    return award_training(user=user, training=training, **(fields | changes))  # type: ignore[arg-type]


# Each change: what does it, and what it is called in the trail.
def _revoke(user: User, actor: User) -> None:
    revoke_award(award=AwardFactory(user=user), actor=actor, reason="Copied")


def _withdraw(user: User, actor: User) -> None:
    withdraw_waiver(waiver=WaiverFactory(user=user), actor=actor, reason="Back")


def _waive(user: User, actor: User) -> None:
    grant_waiver(user=user, training=TrainingFactory(), reason="Expert", expires_at=timezone.now() + TOMORROW, actor=actor)


def _sign(user: User, actor: User) -> None:
    sign_charter(user=user, version=CharterFactory().version, language="fr")


CHANGES: dict[str, Callable[[User, User], object]] = {
    "access.award": lambda user, actor: award(user, TrainingFactory()),
    "access.revoke_award": _revoke,
    "access.grant_waiver": _waive,
    "access.withdraw_waiver": _withdraw,
    "access.sign_charter": _sign,
}


@pytest.mark.parametrize("action", CHANGES)
def test_every_change_leaves_a_trace_and_tells_the_tabs_after_commit(
    action: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    user, actor = UserFactory(), UserFactory()
    with django_capture_on_commit_callbacks() as callbacks:
        CHANGES[action](user, actor)
    assert len(callbacks) == 2, "The trail counts its entry, and the tabs are told."
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject) == (action, audit.pseudonym(user))
    assert str(user.pk) not in f"{entry.actor}{entry.subject}{entry.details}"


@pytest.mark.parametrize("action", CHANGES)
def test_what_is_rolled_back_leaves_no_trace_and_tells_nobody(
    action: str, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    user, actor = UserFactory(), UserFactory()

    def change_then_fail() -> None:
        with transaction.atomic():
            CHANGES[action](user, actor)
            raise RuntimeError

    with django_capture_on_commit_callbacks() as callbacks, pytest.raises(RuntimeError):
        change_then_fail()
    assert callbacks == []
    assert actions() == []


# Awards ----------------------------------------------------------------------------------------------------------------
def test_the_same_evidence_awards_once() -> None:
    user, training = UserFactory(), TrainingFactory()
    assert award(user, training) == award(user, training)
    assert award(user, training, evidence="attempt:2") != award(user, training)
    assert actions() == ["access.award", "access.award"]


def test_two_awards_of_the_same_evidence_at_once_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    user, training = UserFactory(), TrainingFactory()
    first = award(user, training)
    manager = Award.objects.none()
    monkeypatch.setattr("apps.access.services.Award.objects.filter", lambda **kwargs: manager)  # it looks as if there were none
    assert award(user, training) == first


def test_taking_back_takes_a_reason_and_happens_once() -> None:
    given, actor = AwardFactory(), UserFactory()
    with pytest.raises(AccessError):
        revoke_award(award=given, actor=actor, reason="  ")
    first = revoke_award(award=given, actor=actor, reason="Copied")
    second = revoke_award(award=given, actor=UserFactory(), reason="Again")
    assert (second.revoked_at, second.revoked_by, second.revoke_reason) == (first.revoked_at, actor, "Copied")
    assert actions() == ["access.revoke_award"]


def test_taking_back_closes_at_once() -> None:
    user = entitled_user(CODE)
    assert has_capability(user, CODE)
    revoke_award(award=Award.objects.get(user=user), actor=UserFactory(), reason="Copied")
    assert not has_capability(user, CODE)


def test_a_proof_by_hand() -> None:
    user, training, actor = UserFactory(), TrainingFactory(), UserFactory()

    def enter(**changes: object) -> Award:
        fields: dict[str, object] = {
            "user": user, "training": training, "major": 1, "evidence": "List 4711", "expires_at": None, "actor": actor,
        }  # fmt: skip
        return award_by_hand(**(fields | changes))  # type: ignore[arg-type]

    given = enter()
    assert (given.source, given.evidence) == (AwardSource.MANUAL, "manual:List 4711")
    assert enter() == given
    for bad in ({"evidence": " "}, {"actor": user}, {"expires_at": timezone.now() - TOMORROW}):
        with pytest.raises(AccessError):
            enter(**bad)
    revoke_award(award=given, actor=actor, reason="Mistake")
    with pytest.raises(AccessError, match="withdrawn"):
        enter()


# Waivers ---------------------------------------------------------------------------------------------------------------
def test_waivers_need_a_reason_a_future_and_somebody_else() -> None:
    user, training, actor = UserFactory(), TrainingFactory(), UserFactory()
    later = timezone.now() + TOMORROW
    for who, reason, until in ((actor, " ", later), (user, "I know it", later), (actor, "Expert", timezone.now() - TOMORROW)):
        with pytest.raises(AccessError):
            grant_waiver(user=user, training=training, reason=reason, expires_at=until, actor=who)
    assert not Waiver.objects.exists()


def test_a_waiver_opens_and_its_end_closes() -> None:
    requirement = RequirementFactory(capability=CODE)
    user, actor = UserFactory(), UserFactory()
    waiver = grant_waiver(
        user=user, training=requirement.training, reason="Expert", expires_at=timezone.now() + TOMORROW, actor=actor
    )
    assert has_capability(user, CODE)
    with pytest.raises(AccessError):
        withdraw_waiver(waiver=waiver, actor=actor, reason="")
    withdraw_waiver(waiver=waiver, actor=actor, reason="Back")
    withdraw_waiver(waiver=waiver, actor=actor, reason="Again")
    assert not has_capability(user, CODE)
    assert actions().count("access.withdraw_waiver") == 1


# The charter -----------------------------------------------------------------------------------------------------------
def test_one_signs_what_is_in_force_once() -> None:
    user = UserFactory()
    CharterFactory(version=1, effective_on=date(2026, 1, 1))
    CharterFactory(version=2, effective_on=date(2026, 2, 1))
    CharterFactory(version=3, effective_on=timezone.localdate() + timedelta(days=2))
    for version in (1, 3, 99):
        with pytest.raises(AccessError):
            sign_charter(user=user, version=version, language="fr")
    for _turn in range(2):
        sign_charter(user=user, version=2, language="fr")
    assert CharterSignature.objects.get().charter_id == 2
    assert actions() == ["access.sign_charter"]


def test_a_published_text_never_changes() -> None:
    def publish(text: str) -> Charter:
        texts = {"fr": "Texte", "en": text}
        return publish_charter(version=1, titles=texts, bodies=texts, effective_on=date(2026, 1, 1))

    publish("Text")
    publish("Text")
    with pytest.raises(AccessError):
        publish("Another text")
    assert actions() == ["access.publish_charter"]


# Requirements ----------------------------------------------------------------------------------------------------------
def test_asking_for_more_and_for_less() -> None:
    training, actor = TrainingFactory(), UserFactory()
    user = entitled_user(CODE)
    add_requirement(capability=CODE, training=training, actor=actor)
    assert not has_capability(user, CODE)
    requirement = add_requirement(capability=CODE, training=training, min_major=2, actor=actor)
    assert Requirement.objects.filter(capability=CODE).count() == 2
    remove_requirement(requirement=requirement, actor=actor)
    assert has_capability(user, CODE)
    assert actions() == ["access.add_requirement", "access.change_requirement", "access.remove_requirement"]


def test_a_misspelt_capability_gets_no_requirement() -> None:
    with pytest.raises(LookupError):
        add_requirement(capability="misspelt.use", charter=True)


# Open tabs -------------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
async def test_open_tabs_hear_of_a_change_and_others_do_not(live_server_ws: LiveServer) -> None:
    person, other = await db.run(UserFactory), await db.run(UserFactory)
    training = await db.run(TrainingFactory)
    async with (
        live_server_ws.tab(await live_server_ws.sign_in(person)) as mine,
        live_server_ws.tab(await live_server_ws.sign_in(other)) as theirs,
    ):
        await db.run(lambda: award(person, training))
        assert (await mine.next("access.changed")) == {"type": "access.changed"}
        assert await theirs.silent()
