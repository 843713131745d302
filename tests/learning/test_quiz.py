"""The final quiz: what is pinned, what happens once, what is refused."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module

import msgspec
import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from apps.access.models import Award
from apps.access.queries import has_capability
from apps.access.services import add_requirement
from apps.accounts.models import User
from apps.core.models import AuditEntry, OutboxMessage
from apps.learning import export, queries, services
from apps.learning.content import Choice
from apps.learning.errors import AttemptSubmitted, LearningError, QuizClosed
from apps.learning.grading import grade
from apps.learning.models import Attempt, Certificate, Course, Enrolment, Question, Response
from tests.factories.accounts import UserFactory
from tests.factories.learning import (
    course_content,
    finish_lessons,
    pass_course,
    publish,
    right_answer,
    single,
    take_quiz,
    wrong_answer,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    return publish()


@pytest.fixture
def user() -> User:
    found: User = UserFactory(language="en")
    return found


def test_it_opens_once_all_lessons_are_done(course: Course, user: User) -> None:
    with pytest.raises(QuizClosed):
        services.start_attempt(user=user, course=course)
    services.enrol(user=user, course=course)
    with pytest.raises(QuizClosed):
        services.start_attempt(user=user, course=course)
    finish_lessons(user, course)
    attempt = services.start_attempt(user=user, course=course)
    assert (attempt.number, attempt.total, attempt.version) == (1, 4, course.current)
    modules = [response.question.module.code for response in attempt.responses.select_related("question__module")]
    assert sorted(modules) == ["first", "first", "second", "second"]


def test_another_attempt_draws_what_the_first_did_not(user: User) -> None:
    course = publish(course_content(draw=2))  # of three in each of two modules
    attempts = []
    for _attempt in range(3):
        finish_lessons(user, course)
        attempt = take_quiz(user, course, wrong=2)
        attempts.append(set(attempt.responses.values_list("question__code", flat=True)))
        services.submit_attempt(attempt=attempt)
    assert len(set.union(*attempts)) == 6


def test_starting_twice_is_the_same_attempt(course: Course, user: User) -> None:
    finish_lessons(user, course)
    first = services.start_attempt(user=user, course=course)
    assert services.start_attempt(user=user, course=course) == first
    with pytest.raises(IntegrityError), transaction.atomic():
        Attempt.objects.create(enrolment=first.enrolment, version=first.version, number=2, seed="x", total=4)


def test_passing_awards_in_the_same_breath(
    course: Course, user: User, django_capture_on_commit_callbacks: Callable[..., object]
) -> None:
    add_requirement(capability="chat.use", training=course.training)
    assert not has_capability(user, "chat.use")
    attempt = pass_course(user, course)
    assert (attempt.passed, attempt.correct, attempt.score) == (True, 4, 100)
    assert has_capability(user, "chat.use")
    assert Enrolment.objects.get().completed_at == attempt.submitted_at
    award = Award.objects.get()
    assert (award.major, award.evidence, award.source) == (1, f"attempt:{attempt.pk}", "course")
    assert attempt.submitted_at is not None
    assert award.expires_at == attempt.submitted_at + timedelta(days=365)
    certificate = Certificate.objects.get()
    assert (certificate.award, certificate.holder, certificate.language) == (award, str(user), "en")
    assert OutboxMessage.objects.get(task="learning.send_certificate").arguments == {"certificate_id": str(certificate.pk)}
    entry = AuditEntry.objects.get(action="learning.submit_attempt")
    assert entry.details == {"course": "course", "score": 100, "passed": True}


def test_failing_awards_nothing_and_may_be_tried_again(course: Course, user: User) -> None:
    finish_lessons(user, course)
    attempt = services.submit_attempt(attempt=take_quiz(user, course, wrong=2))
    assert (attempt.passed, attempt.score) == (False, 50)
    assert not Award.objects.exists()
    assert not Certificate.objects.exists()
    assert Enrolment.objects.get().completed_at is None
    again = services.start_attempt(user=user, course=course)
    assert (again.number, again.seed != attempt.seed) == (2, True)


def test_a_quiz_with_every_answer_wrong_is_graded_with_nothing(course: Course, user: User) -> None:
    finish_lessons(user, course)
    attempt = services.submit_attempt(attempt=take_quiz(user, course, wrong=4))
    assert (attempt.correct, attempt.score, attempt.passed) == (0, 0, False)
    assert [response.correct for response in attempt.responses.all()] == [False] * 4
    (standing,) = queries.progress_for(user)
    assert (standing.attempts, standing.best_score) == (1, 0)
    assert [(figures.answers, figures.right) for figures in queries.question_figures(course) if figures.answers] == [(1, 0)] * 4
    (row,) = queries.learner_rows(course, [user])
    assert (row.attempts, row.best_score, export._cells(row)[8]) == (1, 0, 0)


def test_answers_that_were_never_judged_were_wrong(course: Course, user: User) -> None:
    finish_lessons(user, course)
    attempt = services.submit_attempt(attempt=take_quiz(user, course, wrong=4))
    attempt.responses.update(correct=None)
    import_module("apps.learning.migrations.0005_wrong_answers_are_judged").judge(apps, connection.schema_editor())
    assert [response.correct for response in attempt.responses.all()] == [False] * 4


def test_the_pass_mark_counts_exactly(course: Course, user: User) -> None:
    finish_lessons(user, course)
    assert services.submit_attempt(attempt=take_quiz(user, course, wrong=1)).passed  # 3 of 4 at 75 %


def test_handing_in_twice_gives_one_result(course: Course, user: User) -> None:
    attempt = pass_course(user, course)
    again = services.submit_attempt(attempt=Attempt.objects.get())
    assert (again.submitted_at, again.score) == (attempt.submitted_at, attempt.score)
    assert (Award.objects.count(), Certificate.objects.count(), OutboxMessage.objects.count()) == (1, 1, 1)


def test_handing_in_with_answers_missing(course: Course, user: User) -> None:
    finish_lessons(user, course)
    attempt = services.start_attempt(user=user, course=course)
    with pytest.raises(LearningError, match="4 questions have no answer yet"):
        services.submit_attempt(attempt=attempt)
    attempt.refresh_from_db()
    assert attempt.submitted_at is None


def test_answers_no_longer_change_once_handed_in(course: Course, user: User) -> None:
    attempt = pass_course(user, course)
    response = attempt.responses.select_related("question").order_by("position").first()
    assert response is not None
    with pytest.raises(AttemptSubmitted):
        services.save_answer(response=response, answer=["c"])


def test_an_unfinished_answer_is_kept_but_does_not_count(course: Course, user: User) -> None:
    finish_lessons(user, course)
    attempt = services.start_attempt(user=user, course=course)
    response = attempt.responses.select_related("question").filter(question__kind="classify").first()
    while response is None:  # the draw may hold no sorting question: hand in and draw again
        services.submit_attempt(attempt=take_quiz(user, course, wrong=4))
        attempt = services.start_attempt(user=user, course=course)
        response = attempt.responses.select_related("question").filter(question__kind="classify").first()
    services.save_answer(response=response, answer={"one": "left"})
    response.refresh_from_db()
    assert (response.answer, response.answered_at) == ({"one": "left"}, None)
    services.save_answer(response=response, answer={"one": "left", "two": "right"})
    response.refresh_from_db()
    assert response.answered_at is not None


def test_a_course_that_changes_meanwhile_leaves_the_attempt_as_it_was(course: Course, user: User) -> None:
    finish_lessons(user, course)
    attempt = take_quiz(user, course)
    asked = list(attempt.responses.order_by("position").values_list("question", flat=True))
    content = course_content(major=2, pass_mark=100, redo_by=timezone.localdate() + timedelta(days=30))
    turned = tuple(
        question
        if question.kind != "single" or question.use == "check"
        else single(question.id, question.module, choices=tuple(turned_choice(choice) for choice in question.choices))
        for question in content.questions
    )
    publish(msgspec.structs.replace(content, questions=turned))
    assert Question.objects.filter(code="q-single-first").count() == 2
    done = services.submit_attempt(attempt=Attempt.objects.get())
    assert list(done.responses.order_by("position").values_list("question", flat=True)) == asked
    assert (done.passed, done.score, done.version.major) == (True, 100, 1)
    assert Award.objects.get().major == 1


def turned_choice(choice: Choice) -> Choice:
    return msgspec.structs.replace(choice, correct=not choice.correct) if choice.id in "ab" else choice


def test_once_passed_the_cycle_is_closed(course: Course, user: User) -> None:
    pass_course(user, course)
    with pytest.raises(QuizClosed, match="passed"):
        services.start_attempt(user=user, course=course)


def test_a_course_that_stays_valid_for_ever(user: User) -> None:
    course = publish(course_content(valid_days=None))
    pass_course(user, course)
    assert Award.objects.get().expires_at is None


def test_constraints_hold_against_the_database(course: Course, user: User) -> None:
    attempt = pass_course(user, course)
    for change in ({"passed": None}, {"correct": 5}, {"submitted_at": None}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Attempt.objects.filter(pk=attempt.pk).update(**change)


def in_threads(*jobs: Callable[[], object]) -> list[object]:
    """Run `jobs` at the same time and return their results; an exception counts as a result."""
    results: list[object] = [None] * len(jobs)
    barrier = threading.Barrier(len(jobs))

    def work(place: int, job: Callable[[], object]) -> None:
        try:
            barrier.wait(timeout=10)
            results[place] = job()
        except Exception as error:
            results[place] = error
        finally:
            connection.close()

    threads = [threading.Thread(target=work, args=(place, job)) for place, job in enumerate(jobs)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    return results


@pytest.mark.django_db(transaction=True)
def test_two_tabs_hand_in_at_once(user: User) -> None:
    course = publish()
    finish_lessons(user, course)
    attempt = take_quiz(user, course)
    results = in_threads(*[lambda: services.submit_attempt(attempt=Attempt.objects.get(pk=attempt.pk))] * 4)
    assert {result.submitted_at for result in results if isinstance(result, Attempt)} == {Attempt.objects.get().submitted_at}
    assert len([result for result in results if isinstance(result, Attempt)]) == 4, results
    assert (Award.objects.count(), Certificate.objects.count()) == (1, 1)
    assert AuditEntry.objects.filter(action="learning.submit_attempt").count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_tabs_start_at_once(user: User) -> None:
    course = publish()
    finish_lessons(user, course)
    results = in_threads(*[lambda: services.start_attempt(user=user, course=course)] * 3)
    assert len({result.pk for result in results if isinstance(result, Attempt)}) == 1, results
    assert (Attempt.objects.count(), Response.objects.count()) == (1, 4)


@pytest.mark.django_db(transaction=True)
def test_an_answer_and_the_end_at_once(user: User) -> None:
    """Whichever comes first, the graded answers are those that are stored."""
    course = publish()
    finish_lessons(user, course)
    attempt = take_quiz(user, course)
    response = attempt.responses.select_related("question").order_by("position").get(position=1)
    in_threads(
        lambda: services.submit_attempt(attempt=Attempt.objects.get(pk=attempt.pk)),
        lambda: services.save_answer(response=response, answer=wrong_answer(response.question.body)),
    )
    done = Attempt.objects.get()
    stored = list(done.responses.select_related("question"))
    assert done.correct == sum(grade(entry.question.body, entry.answer) for entry in stored)


def test_right_answers_in_the_factories_are_right() -> None:
    for question in course_content().questions:
        assert grade(question, right_answer(question))
