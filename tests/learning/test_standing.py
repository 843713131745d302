"""`path_for`: how far somebody is, whatever proved it."""

from __future__ import annotations

from datetime import timedelta
from fractions import Fraction

import pytest
from django.utils import timezone, translation
from pytest_django import DjangoAssertNumQueries

from apps.access import capabilities
from apps.access.enums import AwardSource, StepState
from apps.access.models import Requirement
from apps.access.queries import explain, has_capability
from apps.access.services import add_requirement, award_training, grant_waiver
from apps.accounts.models import User
from apps.learning import queries, services
from apps.learning.models import Course, Lesson
from tests.factories.accounts import UserFactory
from tests.factories.learning import course_content, finish_lessons, pass_course, publish, take_quiz

pytestmark = pytest.mark.django_db


@pytest.fixture
def user() -> User:
    found: User = UserFactory()
    return found


@pytest.fixture
def courses() -> list[Course]:
    return [publish(course_content(code=f"course-{number}", order=number)) for number in (1, 2, 3)]


def states(user: User) -> list[StepState]:
    return [standing.state for standing in queries.path_for(user)]


def lesson(course: Course, code: str) -> Lesson:
    return Lesson.objects.select_related("course", "check_question").get(course=course, code=code)


def test_a_new_person(courses: list[Course], user: User) -> None:
    standings = queries.path_for(user)
    assert [standing.state for standing in standings] == [StepState.CURRENT, StepState.TODO, StepState.TODO]
    standing = standings[0]
    assert (standing.minutes, standing.minutes_left, standing.lessons_done, standing.lessons_total) == (10, 10, 0, 4)
    assert (standing.progress, standing.started, standing.cycle) == (Fraction(0), False, 0)
    assert standing.url == standing.course_url == "/learn/courses/course-1/"


def test_somebody_in_the_middle(courses: list[Course], user: User) -> None:
    services.answer_check(user=user, lesson=lesson(courses[0], "one"), answer=["a"])
    for code in ("one", "two"):
        services.finish_lesson(user=user, lesson=lesson(courses[0], code))
    with translation.override("en"):
        standing = queries.path_for(user)[0]
    assert (standing.state, standing.started) == (StepState.CURRENT, True)
    assert (standing.lessons_done, standing.minutes_left, standing.module, standing.modules) == (2, 7, 2, 2)
    assert standing.lesson_title == "Lesson three (en)"
    assert standing.url == "/learn/courses/course-1/lessons/three/"
    assert standing.progress == Fraction(2, 5)
    assert standing.percent == 40


def test_one_resumes_exactly_where_one_left(courses: list[Course], user: User) -> None:
    services.answer_check(user=user, lesson=lesson(courses[0], "one"), answer=["a"])
    for code in ("one", "two"):
        services.finish_lesson(user=user, lesson=lesson(courses[0], code))
    services.see_lesson(user=user, lesson=lesson(courses[0], "one"))  # went back to look something up
    assert queries.path_for(user)[0].url.endswith("/lessons/one/")
    Lesson.objects.filter(code="one").update(retired_at=timezone.now())
    assert queries.path_for(user)[0].url.endswith("/lessons/three/")


def test_before_and_in_the_quiz(courses: list[Course], user: User) -> None:
    finish_lessons(user, courses[0])
    standing = queries.path_for(user)[0]
    assert (standing.url, standing.lesson_title, standing.lessons_complete) == ("/learn/courses/course-1/quiz/", None, True)
    attempt = take_quiz(user, courses[0], wrong=4)
    standing = queries.path_for(user)[0]
    assert (standing.url, standing.attempt_open) == (f"/learn/attempts/{attempt.pk}/", True)
    services.submit_attempt(attempt=attempt)
    assert not queries.path_for(user)[0].attempt_open


def test_passed(courses: list[Course], user: User) -> None:
    attempt = pass_course(user, courses[0])
    standings = queries.path_for(user)
    assert [standing.state for standing in standings] == [StepState.DONE, StepState.CURRENT, StepState.TODO]
    standing = standings[0]
    assert (standing.minutes_left, standing.progress, standing.started) == (0, Fraction(1), False)
    assert standing.until is not None
    assert attempt.submitted_at is not None
    assert standing.until == attempt.submitted_at + timedelta(days=365)


def test_a_proof_from_elsewhere_counts(courses: list[Course], user: User) -> None:
    award_training(user=user, training=courses[0].training, major=1, source=AwardSource.IMPORT, expires_at=None)
    soon = timezone.now() + timedelta(days=5)
    grant_waiver(user=user, training=courses[1].training, reason="x", expires_at=soon, actor=UserFactory())
    standings = queries.path_for(user)
    assert [standing.state for standing in standings] == [StepState.DONE, StepState.DONE, StepState.CURRENT]
    assert [standing.waived for standing in standings] == [False, True, False]
    assert standings[1].until == soon


def test_an_expired_proof_is_to_be_taken_again(courses: list[Course], user: User) -> None:
    pass_course(user, courses[0])
    award = user.awards.get()
    past = timezone.now() - timedelta(days=1)
    type(award).objects.filter(pk=award.pk).update(awarded_at=past - timedelta(days=365), expires_at=past)
    standing = queries.path_for(user)[0]
    assert (standing.state, standing.renewable, standing.minutes_left) == (StepState.EXPIRED, True, 10)
    services.open_cycle(user=user, course=courses[0])
    standing = queries.path_for(user)[0]
    assert (standing.state, standing.started, standing.cycle, standing.lessons_done) == (StepState.EXPIRED, True, 2, 0)


def test_a_major_version_asks_by_a_day_and_then_insists(user: User) -> None:
    course = publish()
    add_requirement(capability="chat.use", training=course.training)
    pass_course(user, course)
    today = timezone.localdate()
    publish(course_content(major=2, redo_by=today))
    standing = queries.path_for(user)[0]
    assert (standing.state, standing.redo_by, standing.renewable) == (StepState.DONE, today, True)
    assert services.enforce_redo_dates() == 0
    assert has_capability(user, "chat.use")
    yesterday = today - timedelta(days=1)
    publish(course_content(major=2, minor=1, redo_by=yesterday))
    assert queries.path_for(user)[0].state is StepState.EXPIRED
    assert services.enforce_redo_dates() == 1
    assert Requirement.objects.get().min_major == 2
    assert not has_capability(user, "chat.use")
    assert services.enforce_redo_dates() == 0
    services.open_cycle(user=user, course=Course.objects.get())
    pass_course(user, Course.objects.get())
    assert has_capability(user, "chat.use")
    assert queries.path_for(user)[0].state is StepState.DONE


def test_a_minor_version_keeps_completion(user: User) -> None:
    pass_course(user, publish())
    publish(course_content(minor=1))
    standing = queries.path_for(user)[0]
    assert (standing.state, standing.redo_by, standing.version) == (StepState.DONE, None, "1.1")


@pytest.mark.parametrize("count", [1, 3])
def test_the_path_costs_the_same_with_one_course_and_three(
    user: User, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for number in range(count):
        finish_lessons(user, publish(course_content(code=f"course-{number}", order=number + 1)))
    with django_assert_num_queries(4):
        queries.path_for(user)
    with django_assert_num_queries(4):
        queries.progress_for(user)


def test_progress_with_attempts(courses: list[Course], user: User) -> None:
    finish_lessons(user, courses[0])
    for wrong in (4, 2):
        services.submit_attempt(attempt=take_quiz(user, courses[0], wrong=wrong))
    first, second, _ = queries.progress_for(user)
    assert (first.attempts, first.best_score) == (2, 50)
    assert (second.attempts, second.best_score) == (0, None)


def test_access_knows_where_a_training_is_taken(courses: list[Course], user: User) -> None:
    assert capabilities.training_link("course-2") == "/learn/courses/course-2/"
    assert capabilities.training_link("riding") is None
    add_requirement(capability="chat.use", training=courses[1].training)
    assert [item.url for item in explain(user, "chat.use").items] == ["/learn/courses/course-2/"]


def test_a_course_published_just_now_is_linked_at_once(user: User) -> None:
    assert capabilities.training_link("course") is None
    publish()
    assert capabilities.training_link("course") == "/learn/courses/course/"
