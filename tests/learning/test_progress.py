"""Going through a course: where a person is, what is done, cycles."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from apps.access.models import Award
from apps.access.services import revoke_award
from apps.accounts.models import User
from apps.core.models import AuditEntry
from apps.learning import services
from apps.learning.errors import BadAnswer, CheckUnanswered, LearningError
from apps.learning.models import CheckAnswer, Course, Enrolment, Lesson, LessonProgress
from tests.factories.accounts import UserFactory
from tests.factories.learning import course_content, finish_lessons, pass_course, publish

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    return publish()


@pytest.fixture
def user() -> User:
    found: User = UserFactory()
    return found


def lesson(code: str) -> Lesson:
    return Lesson.objects.select_related("course", "check_question").get(code=code)


def test_enrolling_twice_is_once(course: Course, user: User) -> None:
    first = services.enrol(user=user, course=course)
    assert services.enrol(user=user, course=course) == first
    assert AuditEntry.objects.filter(action="learning.enrol").count() == 1


def test_seeing_a_lesson_is_where_one_resumes(course: Course, user: User) -> None:
    services.see_lesson(user=user, lesson=lesson("three"))
    services.see_lesson(user=user, lesson=lesson("two"))
    enrolment = services.see_lesson(user=user, lesson=lesson("two"))
    assert enrolment.current_lesson is not None
    assert enrolment.current_lesson.code == "two"
    assert LessonProgress.objects.filter(enrolment=enrolment, done_at=None).count() == 2


def test_a_lesson_with_a_question_is_done_once_it_was_answered(course: Course, user: User) -> None:
    with pytest.raises(CheckUnanswered):
        services.finish_lesson(user=user, lesson=lesson("one"))
    assert not LessonProgress.objects.filter(done_at__isnull=False).exists()
    answer = services.answer_check(user=user, lesson=lesson("one"), answer=["c"])
    assert not answer.correct
    following = services.finish_lesson(user=user, lesson=lesson("one"))
    assert following is not None
    assert following.code == "two"
    assert Enrolment.objects.get().current_lesson == following


def test_every_answer_to_a_check_is_kept(course: Course, user: User) -> None:
    for choice in ("c", "b", "a"):
        services.answer_check(user=user, lesson=lesson("one"), answer=[choice])
    assert list(CheckAnswer.objects.order_by("pk").values_list("correct", flat=True)) == [False, False, True]
    with pytest.raises(BadAnswer):
        services.answer_check(user=user, lesson=lesson("one"), answer=[])
    with pytest.raises(LearningError):
        services.answer_check(user=user, lesson=lesson("three"), answer=["a"])


def test_finishing_goes_from_module_to_module_and_ends(course: Course, user: User) -> None:
    services.answer_check(user=user, lesson=lesson("one"), answer=["a"])
    codes = []
    for code in ("one", "two", "three", "four"):
        following = services.finish_lesson(user=user, lesson=lesson(code))
        codes.append(following.code if following else None)
    assert codes == ["two", "three", "four", None]
    done_at = LessonProgress.objects.get(lesson__code="two").done_at
    services.finish_lesson(user=user, lesson=lesson("two"))
    assert LessonProgress.objects.get(lesson__code="two").done_at == done_at


def test_a_completed_cycle_does_not_change_by_reading_again(course: Course, user: User) -> None:
    pass_course(user, course)
    before = list(LessonProgress.objects.order_by("pk").values("seen_at", "done_at"))
    at = Enrolment.objects.get().current_lesson
    services.see_lesson(user=user, lesson=lesson("one"))
    assert services.finish_lesson(user=user, lesson=lesson("one")) == lesson("two")
    assert list(LessonProgress.objects.order_by("pk").values("seen_at", "done_at")) == before
    assert Enrolment.objects.get().current_lesson == at


def test_nothing_to_take_again_while_the_proof_is_good_for_long(course: Course, user: User) -> None:
    pass_course(user, course)
    with pytest.raises(LearningError, match="still counts"):
        services.open_cycle(user=user, course=course)
    assert Enrolment.objects.count() == 1


def shift(days: int) -> None:
    """Let `days` pass for every proof."""
    for award in Award.objects.all():
        assert award.expires_at is not None
        Award.objects.filter(pk=award.pk).update(
            awarded_at=award.awarded_at - timedelta(days=days), expires_at=award.expires_at - timedelta(days=days)
        )


@pytest.mark.parametrize("days", [310, 400])
def test_a_renewal_is_a_new_cycle_beside_the_old_one(course: Course, user: User, days: int) -> None:
    attempt = pass_course(user, course)
    shift(days)
    renewed = services.open_cycle(user=user, course=course)
    assert (renewed.cycle, renewed.completed_at) == (2, None)
    assert services.open_cycle(user=user, course=course) == renewed
    assert LessonProgress.objects.filter(enrolment=attempt.enrolment, done_at__isnull=False).count() == 4
    assert not LessonProgress.objects.filter(enrolment=renewed).exists()
    attempt.refresh_from_db()
    assert attempt.passed
    second = pass_course(user, course)
    assert second.enrolment == renewed
    assert Award.objects.valid().filter(user=user).count() == (2 if days < 365 else 1)


def test_a_withdrawn_proof_may_be_earned_again(course: Course, user: User) -> None:
    pass_course(user, course)
    revoke_award(award=Award.objects.get(), actor=UserFactory(), reason="shared the answers")
    assert services.open_cycle(user=user, course=course).cycle == 2


def test_a_new_major_version_may_be_taken_at_once(course: Course, user: User) -> None:
    pass_course(user, course)
    day = timezone.localdate() + timedelta(days=90)
    publish(course_content(major=2, redo_by=day))
    course.refresh_from_db()
    assert services.open_cycle(user=user, course=course).cycle == 2
    attempt = pass_course(user, course)
    assert attempt.version.major == 2
    assert Award.objects.order_by("-awarded_at").first() == attempt.certificate.award
    assert attempt.certificate.award.major == 2


def test_a_retired_lesson_does_not_hold_the_quiz_back(course: Course, user: User) -> None:
    content = course_content(minor=1)
    import msgspec

    first, second = content.modules
    shorter = msgspec.structs.replace(second, lessons=second.lessons[:1])
    finish_lessons(user, course)
    LessonProgress.objects.filter(lesson__code="four").update(done_at=None)
    publish(msgspec.structs.replace(content, modules=(first, shorter)))
    assert Lesson.objects.get(code="four").retired_at is not None
    assert services.start_attempt(user=user, course=Course.objects.get())
    publish(course_content(minor=2))
    assert Lesson.objects.get(code="four").retired_at is None
