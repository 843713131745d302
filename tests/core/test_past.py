"""A made-up past: the same numbers make the same one, and what the apps write of it is consistent."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from apps.access.models import Award, CharterSignature, Waiver
from apps.access.queries import has_capability
from apps.accounts.models import User
from apps.chat.models import Conversation, Message
from apps.core import past
from apps.core.past import Past
from apps.gateway import past as gateway_past
from apps.gateway.figures import usage_figures
from apps.gateway.models import UsageDay, UsageEntry
from apps.gateway.past import PROVIDER
from apps.learning.grading import grade
from apps.learning.models import Attempt, Certificate, Enrolment, LessonProgress, Response
from tests.factories.access import CharterFactory, RequirementFactory
from tests.factories.accounts import UserFactory
from tests.factories.learning import publish

NOW = datetime(2026, 11, 26, 16, 30, tzinfo=UTC)  # a Thursday


@pytest.fixture
def world(db: None) -> Past:
    """Half a year of 120 people, two courses and a charter."""
    for order, code in enumerate(("first-course", "second-course")):
        course = publish(id=code, training=code, order=order)
        RequirementFactory.create(capability="chat.use", training=course.training)
    CharterFactory.create()
    made = Past(people=120, months=6, until=timezone.now())
    past.write(made)
    return made


def figures() -> dict[str, Any]:
    return {
        "people": list(User.objects.order_by("email").values_list("email", "first_name", "is_active")),
        "passed": sorted(Attempt.objects.values_list("enrolment__user__email", "number", "correct", "passed")),
        "signed": sorted(CharterSignature.objects.values_list("user__email", flat=True)),
        "calls": sorted(UsageEntry.objects.values_list("user__email", "tokens_in", "cost")),
        "talks": sorted(Conversation.objects.values_list("owner__email", flat=True)),
    }


def test_days_of_work() -> None:
    made = Past(people=1, months=1, until=NOW)
    days = list(made.days())
    assert days == sorted(set(days))
    assert {day.weekday() for day in days} == {0, 1, 2, 3, 4}
    assert days[-1] == NOW.date() - timedelta(days=1)
    assert len(days) == 22


def test_moments_of_work() -> None:
    made = Past(people=1, months=1, until=NOW)
    chance = made.random("test")
    for number in range(60):
        moment = timezone.localtime(made.at_work(NOW - timedelta(days=number, hours=9), chance))
        assert moment <= NOW
        assert moment == timezone.localtime(NOW) or (moment.weekday() < 5 and 8 <= moment.hour < 18)


def test_a_chapter_is_declared_once() -> None:
    with pytest.raises(ValueError, match="people"):
        past.declare(past.Chapter("people", lambda made: 0, order=1))
    orders = [chapter.order for chapter in past.chapters()]
    assert orders == sorted(orders)
    assert len(orders) >= 6


def test_there_are_as_many_people_as_asked(world: Past) -> None:
    assert User.objects.count() == 120
    assert all(not person.has_usable_password() for person in User.objects.all()[:5])
    assert 0 < User.objects.filter(is_active=False).count() < 12


def test_who_finished_has_one_passed_attempt_an_award_and_a_certificate(world: Past) -> None:
    done = Enrolment.objects.filter(completed_at__isnull=False)
    assert done.count() > 60
    for enrolment in done.prefetch_related("attempts__certificate__award"):
        [passed] = [attempt for attempt in enrolment.attempts.all() if attempt.passed]
        assert passed.submitted_at == enrolment.completed_at == passed.certificate.award.awarded_at
        assert passed.certificate.award.user_id == enrolment.user_id
        assert passed.certificate.award.evidence == f"attempt:{passed.pk}"
    assert Certificate.objects.count() == done.count()
    assert Attempt.objects.filter(passed=False).exists(), "Somebody fails."
    assert Enrolment.objects.filter(completed_at=None).exists(), "Somebody is on their way."


def test_grading_again_gives_what_is_stored(world: Past) -> None:
    responses = list(Response.objects.select_related("question"))
    assert responses
    for response in responses:
        assert grade(response.question.body, response.answer) is response.correct
    for attempt in Attempt.objects.prefetch_related("responses"):
        assert attempt.correct == sum(bool(response.correct) for response in attempt.responses.all())


def test_nothing_happens_after_the_end_or_out_of_order(world: Past) -> None:
    for model, field in (
        (LessonProgress, "seen_at"), (Attempt, "submitted_at"), (Award, "awarded_at"), (CharterSignature, "signed_at"),
        (UsageEntry, "started_at"), (Message, "created_at"), (Enrolment, "active_at"),
    ):  # fmt: skip
        assert not model._default_manager.filter(**{f"{field}__gt": world.until + timedelta(minutes=10)}).exists(), field
    for enrolment in Enrolment.objects.all():
        assert enrolment.started_at <= enrolment.active_at


def test_proofs_open_the_chat(world: Past) -> None:
    signed = [signature.user for signature in CharterSignature.objects.select_related("user")]
    able = [person for person in signed if has_capability(person, "chat.use")]
    assert len(able) > 30
    assert len(signed) > len(able), "Of some an imported proof has run out."
    assert set(Conversation.objects.values_list("owner", flat=True)) <= {person.pk for person in signed}
    assert not Waiver.objects.filter(granted_by=None).exists()


def test_conversations_are_sealed_and_readable(world: Past) -> None:
    conversation = Conversation.objects.select_related("head__message").first()
    assert conversation is not None
    assert conversation.head is not None
    seal = conversation.seal()
    assert len(Conversation.title.read(conversation, seal)) > 10
    assert len(Message.text.read(conversation.head.message, seal)) > 10
    assert b"adh" not in bytes(conversation.head.message.text)


def test_the_ledger_says_the_same_call_by_call_and_day_by_day(world: Past, monkeypatch: pytest.MonkeyPatch) -> None:
    one_by_one = usage_figures(90)
    UsageEntry.objects.all().delete()
    monkeypatch.setattr(gateway_past, "ENTRIES", 100)
    gateway_past.write_usage(world)
    assert UsageEntry.objects.count() <= 100
    assert UsageDay.objects.exists()
    summed = usage_figures(90)
    assert (summed.total, summed.by_day) == (one_by_one.total, one_by_one.by_day)


def test_writing_it_again_adds_nothing(world: Past) -> None:
    before = figures()
    past.write(world)
    again = figures()
    assert again["people"] == before["people"]
    assert again["calls"] == before["calls"]
    assert again["talks"] == before["talks"]


def test_the_command_refuses_where_real_people_are(db: None) -> None:
    UserFactory.create(email="somebody@insurer.fr")
    with pytest.raises(CommandError, match="real people"):
        call_command("populate", people=10, months=1)
    assert User.objects.count() == 1


@pytest.mark.parametrize("asked", [{"people": 0}, {"months": 0}, {"months": 61}])
def test_the_command_refuses_numbers_that_mean_nothing(db: None, asked: dict[str, int]) -> None:
    with pytest.raises(CommandError):
        call_command("populate", **asked)


def test_the_command_tells_what_it_wrote(db: None, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("populate", people=12, months=1)
    assert User.objects.count() == 12
    assert "people" in capsys.readouterr().out
    assert UsageEntry.objects.filter(version__provider__name=PROVIDER).count() == 0, "Nobody has learnt anything: no course."
