"""Courses in the staff area: who sees them, how many queries they cost, what can be exported."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import Any

import pytest
from django.test import AsyncClient, Client
from django.urls import reverse
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from apps.access.models import Award
from apps.access.services import grant_waiver
from apps.accounts.models import User
from apps.core import db
from apps.core.models import AuditEntry
from apps.core.tables import safe_cell
from apps.learning import export, queries, services
from apps.learning.enums import LearnerState
from apps.learning.models import Course, Enrolment, Question, Response
from tests.factories.accounts import EntityFactory, UserFactory
from tests.factories.learning import course_content, finish_lessons, pass_course, publish, take_quiz
from tests.pages import markup

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    return publish()


@pytest.fixture
def trainer(client: Client) -> User:
    user: User = UserFactory(language="en", last_name="Zola", permissions=["learning.manage_courses"])
    client.force_login(user)
    return user


def url(name: str, *args: Any) -> str:
    return reverse(f"learning:staff_{name}", args=args)


PAGES = [("courses",), ("course", "course"), ("people", "course"), ("preview", "course", "one"), ("preview_first", "course")]


@pytest.mark.parametrize("page", PAGES)
def test_who_may_not_manage_courses_stays_outside(client: Client, course: Course, page: tuple[str, ...]) -> None:
    client.force_login(UserFactory(permissions=["accounts.see_people"]))
    assert client.get(url(*page)).status_code == 403
    assert client.post(url("export", "course")).status_code == 403
    assert not AuditEntry.objects.filter(action="learning.export_progress").exists()


@pytest.mark.parametrize("page", [("course", "x"), ("people", "x"), ("preview_first", "x"), ("preview", "course", "x")])
def test_what_is_not_there(client: Client, course: Course, trainer: User, page: tuple[str, ...]) -> None:
    assert client.get(url(*page)).status_code == 404


def test_figures(client: Client, course: Course, trainer: User) -> None:
    pass_course(UserFactory(), course)
    failed = UserFactory()
    finish_lessons(failed, course)
    services.submit_attempt(attempt=take_quiz(failed, course, wrong=4))
    services.enrol(user=UserFactory(), course=course)
    (figures,) = queries.course_figures()
    assert (figures.enrolled, figures.completed, figures.attempts, figures.passed, figures.pass_rate) == (3, 1, 2, 1, 50)
    page = client.get(url("courses")).content.decode()
    assert "50%" in page


def test_a_course_without_anybody(client: Client, course: Course, trainer: User) -> None:
    (figures,) = queries.course_figures()
    assert figures.pass_rate is None
    assert client.get(url("course", "course")).status_code == 200


def answered(question: Question, course: Course, *, right: int, wrong: int) -> None:
    """Store submitted attempts in which `question` was answered in this way."""
    for number in range(right + wrong):
        enrolment = Enrolment.objects.create(user=UserFactory(), course=course)
        attempt = enrolment.attempts.create(
            version=course.published, number=1, seed="s", total=1, correct=0, passed=False, submitted_at=timezone.now()
        )
        Response.objects.create(attempt=attempt, position=1, question=question, correct=number < right)


def test_hard_questions_are_flagged_but_not_on_too_few_answers(course: Course, trainer: User) -> None:
    hard, easy, few = (Question.objects.get(code=f"q-{kind}-first") for kind in ("single", "multiple", "classify"))
    answered(hard, course, right=1, wrong=4)
    answered(easy, course, right=2, wrong=3)
    answered(few, course, right=0, wrong=4)
    figures = {entry.code: entry for entry in queries.question_figures(course)}
    assert (figures[hard.code].share, figures[hard.code].hard, figures[hard.code].too_few) == (20, True, False)
    assert (figures[easy.code].share, figures[easy.code].hard) == (40, False)
    assert (figures[few.code].share, figures[few.code].hard, figures[few.code].too_few) == (0, False, True)
    assert queries.question_figures(course)[0].code == hard.code


def test_open_attempts_do_not_count(course: Course) -> None:
    user = UserFactory()
    finish_lessons(user, course)
    take_quiz(user, course)
    assert sum(entry.answers for entry in queries.question_figures(course)) == 0


def people_in_every_state(course: Course) -> dict[LearnerState, User]:
    people: dict[LearnerState, User] = {
        state: UserFactory(first_name="Ana", last_name=f"Le {state.value}") for state in LearnerState
    }
    pass_course(people[LearnerState.PASSED], course)
    pass_course(people[LearnerState.LAPSED], course)
    past = timezone.now() - timedelta(days=1)
    Award.objects.filter(user=people[LearnerState.LAPSED]).update(awarded_at=past - timedelta(days=9), expires_at=past)
    services.enrol(user=people[LearnerState.UNDER_WAY], course=course)
    grant_waiver(
        user=people[LearnerState.WAIVED],
        training=course.training,
        reason="x",
        expires_at=timezone.now() + timedelta(days=9),
        actor=UserFactory(last_name="Actor"),
    )
    return people


def test_people_by_state_entity_and_name(course: Course, trainer: User) -> None:
    people = people_in_every_state(course)
    for state, person in people.items():
        found = queries.learners(course, text="Ana", state=state)
        assert list(found) == [person]
        assert queries.learner_rows(course, list(found))[0].state is state
    entity = EntityFactory()
    User.objects.filter(pk=people[LearnerState.PASSED].pk).update(entity=entity)
    assert list(queries.learners(course, entity=entity)) == [people[LearnerState.PASSED]]
    User.objects.filter(pk=people[LearnerState.PASSED].pk).update(is_active=False)
    assert not queries.learners(course, entity=entity).exists()


def test_a_row_tells_all_cycles(course: Course) -> None:
    user = UserFactory()
    finish_lessons(user, course)
    services.submit_attempt(attempt=take_quiz(user, course, wrong=4))
    attempt = services.submit_attempt(attempt=take_quiz(user, course, wrong=1))
    (row,) = queries.learner_rows(course, list(queries.learners(course)))
    assert (row.lessons_done, row.lessons_total, row.attempts, row.best_score) == (4, 4, 2, 75)
    assert row.completed_at == attempt.submitted_at


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_people_costs_the_same_with_one_and_three(
    client: Client, course: Course, trainer: User, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for _number in range(count):
        pass_course(UserFactory(), course)
    client.get(url("people", "course"))
    with django_assert_num_queries(12):
        assert client.get(url("people", "course")).status_code == 200


@pytest.mark.parametrize("count", [1, 3])
def test_the_list_of_courses_costs_the_same_with_one_and_three(
    client: Client, trainer: User, django_assert_num_queries: DjangoAssertNumQueries, count: int
) -> None:
    for number in range(count):
        publish(course_content(code=f"course-{number}", order=number + 1))
    client.get(url("courses"))
    with django_assert_num_queries(7):
        client.get(url("courses"))


@pytest.mark.parametrize("answers", [1, 6])
def test_the_figures_of_a_course_cost_the_same(
    client: Client, course: Course, trainer: User, django_assert_num_queries: DjangoAssertNumQueries, answers: int
) -> None:
    answered(Question.objects.get(code="q-single-first"), course, right=answers, wrong=0)
    client.get(url("course", "course"))
    with django_assert_num_queries(9):
        client.get(url("course", "course"))


def test_filters_that_cannot_be_read_filter_nothing(client: Client, course: Course, trainer: User) -> None:
    page = client.get(url("people", "course"), {"entity": "x", "state": "y", "page": "z"})
    assert page.status_code == 200
    assert str(trainer) in page.content.decode()


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_preview_speaks_both_languages_and_solves_the_question(
    client: Client, course: Course, trainer: User, language: str
) -> None:
    page = markup(client.get(url("preview", "course", "one"), {"language": language}))
    assert f"Body one. ({language})" in page
    assert f"why check-one a ({language})" in page
    assert f'<html lang="{language}"' in page
    assert client.get(url("preview", "course", "two"), {"language": "xx"}).status_code == 200
    assert not Enrolment.objects.exists()


def test_a_persons_page_shows_their_courses_to_trainers(client: Client, course: Course) -> None:
    learner = UserFactory()
    pass_course(learner, course)
    both = UserFactory(language="en", permissions=["accounts.see_people", "learning.manage_courses"])
    client.force_login(both)
    address = reverse("accounts:person", args=[learner.pk])
    assert "person-courses" in client.get(address).content.decode()
    client.force_login(UserFactory(permissions=["accounts.see_people"]))
    assert "person-courses" not in client.get(address).content.decode()


# The export --------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("value", "cell"),
    [
        ("=1+1", "'=1+1"),
        ("+33", "'+33"),
        ("-2", "'-2"),
        ("@SUM(A1)", "'@SUM(A1)"),
        ("\t=1", "'\t=1"),
        ("  =1", "'  =1"),
        ("Ana", "Ana"),
        (None, ""),
        (0, "0"),
    ],
)
def test_no_cell_is_a_formula(value: object, cell: str) -> None:
    assert safe_cell(value) == cell


async def downloaded(response: Any) -> str:
    return b"".join([part async for part in response.streaming_content]).decode()


@pytest.mark.django_db(transaction=True)
async def test_the_file_holds_everybody_in_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(export, "CHUNK", 2)

    def prepare() -> User:
        course = publish()
        pass_course(UserFactory(first_name="=cmd|' /C calc'!A0", last_name="Aa"), course)
        for _number in range(3):
            UserFactory(first_name="Ana", last_name="Ao; x")
        trainer: User = UserFactory(language="fr", first_name="Zoé", last_name="Zz", permissions=["learning.manage_courses"])
        return trainer

    trainer = await db.run(prepare)
    client = AsyncClient()
    await client.aforce_login(trainer)
    response = await client.post(url("export", "course"))
    assert response["Content-Disposition"].startswith('attachment; filename="course-')
    body = await downloaded(response)
    assert body.startswith("\ufeff")
    rows = list(csv.reader(io.StringIO(body.removeprefix("\ufeff")), delimiter=";"))
    assert len(rows) == 1 + 5
    assert rows[1][0] == "'=cmd|' /C calc'!A0 Aa"
    assert rows[1][7:9] == ["1", "100"]
    entry = await db.run(lambda: AuditEntry.objects.get(action="learning.export_progress"))
    assert entry.details == {"filters": []}


@pytest.mark.django_db(transaction=True)
async def test_the_file_follows_the_filters() -> None:
    def prepare() -> User:
        publish()
        UserFactory(first_name="Ana", last_name="Ao")
        trainer: User = UserFactory(language="en", permissions=["learning.manage_courses"])
        return trainer

    trainer = await db.run(prepare)
    client = AsyncClient()
    await client.aforce_login(trainer)
    response = await client.post(url("export", "course"), {"q": "ana ao", "state": "not_started"})
    body = await downloaded(response)
    assert len(body.strip().splitlines()) == 2
    entry = await db.run(lambda: AuditEntry.objects.get(action="learning.export_progress"))
    assert entry.details == {"filters": ["state", "text"]}


def test_an_export_is_a_form(client: Client, course: Course, trainer: User) -> None:
    assert client.get(url("export", "course")).status_code == 405
