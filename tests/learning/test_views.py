"""The learner's pages, from the catalogue to the certificate."""

from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from apps.access.services import revoke_award
from apps.accounts.models import User
from apps.learning import services
from apps.learning.content import Text
from apps.learning.models import Attempt, CheckAnswer, Course, Enrolment, Lesson
from tests.factories.accounts import UserFactory
from tests.factories.learning import course_content, finish_lessons, pass_course, publish, right_answer, take_quiz

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    return publish()


@pytest.fixture
def learner(client: Client) -> User:
    user: User = UserFactory(language="en")
    client.force_login(user)
    return user


def url(name: str, *args: Any) -> str:
    return reverse(f"learning:{name}", args=args)


def posted(answer: Any) -> dict[str, Any]:
    if isinstance(answer, dict):
        return {f"item-{item}": category for item, category in answer.items()}
    return {"choice": answer}


def test_whole_way_without_script(client: Client, course: Course, learner: User) -> None:
    """Start, read, answer, be graded, get a certificate: every step a plain form."""
    response = client.post(url("start", "course"), follow=True)
    assert response.redirect_chain[-1][0] == url("lesson", "course", "one")
    response = client.post(url("check", "course", "one"), {"choice": "a"}, follow=True)
    assert "why check-one a (en)" in response.content.decode()
    for code in ("one", "two", "three", "four"):
        response = client.post(url("finish", "course", code))
    assert response.headers["Location"] == url("quiz", "course")
    assert client.get(url("quiz", "course")).status_code == 200
    client.post(url("quiz", "course"))
    attempt = Attempt.objects.get()
    for response_row in attempt.responses.order_by("position"):
        page = client.get(url("attempt", attempt.pk), follow=True)
        assert page.redirect_chain[-1][0] == url("question", attempt.pk, response_row.position)
        client.post(url("question", attempt.pk, response_row.position), posted(right_answer(response_row.question.body)))
    page = client.get(url("attempt", attempt.pk), follow=True)
    assert page.redirect_chain[-1][0] == url("review", attempt.pk)
    page = client.post(url("submit", attempt.pk), follow=True)
    assert "Well done" in page.content.decode()
    attempt.refresh_from_db()
    assert attempt.passed
    page = client.get(url("certificate", attempt.certificate.pk))
    assert str(learner) in page.content.decode()
    assert attempt.certificate.code in page.content.decode()
    for name in ("catalogue", "verify"):
        assert client.get(url(name)).status_code == 200
    assert client.get(url("course", "course")).status_code == 200


# Lessons -----------------------------------------------------------------------------------------------------------------
def test_a_question_is_answered_in_its_card(client: Client, course: Course, learner: User) -> None:
    address = url("check", "course", "one")
    wrong = client.post(address, {"choice": "b"}, headers={"HX-Request": "true"})
    assert wrong.status_code == 200
    card = wrong.content.decode()
    assert "<html" not in card
    assert "Not quite" in card
    assert "why check-one b (en)" in card
    assert "why check-one a (en)" not in card  # still to be found
    again = client.get(address, headers={"HX-Request": "true"}).content.decode()
    assert "Check my answer" in again
    right = client.post(address, {"choice": "a"}, headers={"HX-Request": "true"}).content.decode()
    assert "That is right" in right
    assert "explained check-one (en)" in right


def test_the_second_wrong_answer_is_explained(client: Client, course: Course, learner: User) -> None:
    for choice in ("b", "c"):
        card = client.post(url("check", "course", "one"), {"choice": choice}, headers={"HX-Request": "true"}).content.decode()
    assert "explained check-one (en)" in card


@pytest.mark.parametrize("fragment", [True, False])
@pytest.mark.parametrize("posted", [{}, {"choice": "z"}, {"choice": ["a", "b"]}])
def test_a_check_refuses_what_was_not_offered(
    client: Client, course: Course, learner: User, posted: dict[str, Any], fragment: bool
) -> None:
    headers = {"HX-Request": "true"} if fragment else {}
    response = client.post(url("check", "course", "one"), posted, headers=headers)
    assert response.status_code == 422
    assert 'role="alert"' in response.content.decode()
    assert ("<html" in response.content.decode()) is not fragment
    assert not CheckAnswer.objects.exists()


def test_a_lesson_is_not_finished_before_its_question(client: Client, course: Course, learner: User) -> None:
    page = client.post(url("finish", "course", "one"), follow=True)
    assert page.redirect_chain[-1][0] == url("lesson", "course", "one") + "#check"
    assert "Answer the question first" in page.content.decode()


def test_the_page_says_where_one_is(client: Client, course: Course, learner: User) -> None:
    assert client.post(url("seen", "course", "three")).status_code == 204
    page = client.get(url("course", "course")).content.decode()
    assert "Lesson three (en)" in page
    assert "Resume" in page
    assert client.get(url("seen", "course", "three")).status_code == 405


def test_reading_writes_nothing(client: Client, course: Course, learner: User) -> None:
    for address in (url("catalogue"), url("course", "course"), url("lesson", "course", "one"), url("lesson", "course", "two")):
        assert client.get(address).status_code == 200
    client.get(url("quiz", "course"))
    assert not Enrolment.objects.exists()


@pytest.mark.parametrize("name", ["course", "quiz"])
def test_a_course_that_is_not_there(client: Client, course: Course, learner: User, name: str) -> None:
    assert client.get(url(name, "nothing")).status_code == 404
    assert client.post(url("start", "nothing")).status_code == 404
    assert client.get(url("lesson", "course", "nothing")).status_code == 404
    assert client.post(url("finish", "nothing", "one")).status_code == 404


def test_a_retired_lesson_is_gone(client: Client, course: Course, learner: User) -> None:
    Lesson.objects.filter(code="two").update(retired_at=course.published.published_at)
    assert client.get(url("lesson", "course", "two")).status_code == 404


def test_the_words_of_a_course_are_data(client: Client, learner: User) -> None:
    publish(course_content(code="trap", title=Text("<b>é", "<b>x")))
    page = client.get(url("course", "trap")).content.decode()
    assert "<b>x" not in page
    assert "&lt;b&gt;x" in page


# The quiz ----------------------------------------------------------------------------------------------------------------
@pytest.fixture
def attempt(course: Course, learner: User) -> Attempt:
    finish_lessons(learner, course)
    return services.start_attempt(user=learner, course=course)


def test_the_quiz_is_closed_before_the_lessons_are_done(client: Client, course: Course, learner: User) -> None:
    client.post(url("start", "course"))
    page = client.get(url("quiz", "course"), follow=True)
    assert "The quiz opens once all lessons are done" in page.content.decode()
    page = client.post(url("quiz", "course"), follow=True)
    assert "The quiz opens once all lessons are done" in page.content.decode()
    assert not Attempt.objects.exists()


def test_answers_are_kept_as_one_goes(client: Client, attempt: Attempt) -> None:
    row = attempt.responses.select_related("question").order_by("position").first()
    assert row is not None
    answer = right_answer(row.question.body)
    saved = client.post(url("question", attempt.pk, 1), {**posted(answer), "autosave": "1"})
    assert saved.status_code == 204
    row.refresh_from_db()
    assert row.answer == answer
    page = client.get(url("question", attempt.pk, 1)).content.decode()
    assert "checked" in page or "selected" in page


def test_an_open_question_gives_no_answer_away(client: Client, attempt: Attempt) -> None:
    for position in range(1, 5):
        page = client.get(url("question", attempt.pk, position)).content.decode()
        assert "why " not in page
        assert "explained " not in page
        assert "correct" not in page


def test_no_answer_is_said_beside_the_question(client: Client, attempt: Attempt) -> None:
    page = client.post(url("question", attempt.pk, 1), {})
    assert page.status_code == 422
    assert "Choose" in page.content.decode()
    assert client.post(url("question", attempt.pk, 1), {"choice": "zz", "item-zz": "left"}).status_code == 422


def test_positions_that_were_not_drawn(client: Client, attempt: Attempt) -> None:
    for position in (0, 5, 99):
        assert client.get(url("question", attempt.pk, position)).status_code == 404
        assert client.post(url("question", attempt.pk, position), {"choice": "a"}).status_code == 404


def test_handing_in_too_early_says_what_is_missing(client: Client, attempt: Attempt) -> None:
    page = client.post(url("submit", attempt.pk), follow=True)
    assert "4 questions have no answer yet" in page.content.decode()


def test_handing_in_twice_shows_the_same_result(client: Client, course: Course, learner: User) -> None:
    finish_lessons(learner, course)
    attempt = take_quiz(learner, course)
    pages = [client.post(url("submit", attempt.pk), follow=True) for _again in range(2)]
    assert pages[0].redirect_chain == pages[1].redirect_chain
    assert Attempt.objects.get().passed
    late = client.post(url("question", attempt.pk, 1), {"choice": "c"}, follow=True)
    assert late.redirect_chain[-1][0] == url("result", attempt.pk)


def test_a_failed_quiz_explains_and_offers_another(client: Client, course: Course, learner: User) -> None:
    finish_lessons(learner, course)
    attempt = services.submit_attempt(attempt=take_quiz(learner, course, wrong=3))
    page = client.get(url("result", attempt.pk)).content.decode()
    assert "Not there yet" in page
    assert "Worth reading again" in page
    assert "Try again with new questions" in page
    assert page.count("explained q-") == 4
    client.post(url("quiz", "course"))
    assert Attempt.objects.count() == 2
    assert client.get(url("result", attempt.pk)).status_code == 200


def test_somebody_elses_attempt_looks_like_none(client: Client, course: Course, learner: User) -> None:
    other = UserFactory()
    finish_lessons(other, course)
    attempt = take_quiz(other, course, wrong=4)
    for name in ("attempt", "review", "result"):
        assert client.get(url(name, attempt.pk)).status_code == 404
        assert client.get(url(name, uuid.uuid4())).status_code == 404
    assert client.get(url("question", attempt.pk, 1)).status_code == 404
    assert client.post(url("question", attempt.pk, 1), {"choice": "a"}).status_code == 404
    assert client.post(url("submit", attempt.pk)).status_code == 404
    attempt.refresh_from_db()
    assert attempt.submitted_at is None
    assert attempt.responses.filter(answer=["a"]).count() == 0


# Certificates ------------------------------------------------------------------------------------------------------------
def test_only_its_holder_sees_a_certificate_and_all_may_verify_it(client: Client, course: Course, learner: User) -> None:
    other = UserFactory(first_name="Noé", last_name="Petit")
    certificate = pass_course(other, course).certificate
    assert client.get(url("certificate", certificate.pk)).status_code == 404
    typed = certificate.code.lower().replace("-", " ")
    page = client.get(url("verify"), {"code": typed}).content.decode()
    assert "Noé Petit" in page
    assert "Genuine and valid" in page
    wrong = client.get(url("verify"), {"code": "AAAA-BBBB-CCCC-DDDD"}).content.decode()
    assert "No certificate has this code" in wrong


def test_a_withdrawn_certificate_says_so(client: Client, course: Course, learner: User) -> None:
    certificate = pass_course(learner, course).certificate
    revoke_award(award=certificate.award, actor=UserFactory(), reason="x")
    assert "withdrawn" in client.get(url("certificate", certificate.pk)).content.decode()
    assert "withdrawn" in client.get(url("verify"), {"code": certificate.code}).content.decode()


def test_ones_account_page_leads_to_ones_certificates(client: Client, course: Course, learner: User) -> None:
    certificate = pass_course(learner, course).certificate
    pass_course(UserFactory(), course)
    page = client.get("/account/").content.decode()
    assert page.count("/learn/certificates/") == 1
    assert url("certificate", certificate.pk) in page
    revoke_award(award=certificate.award, actor=UserFactory(), reason="x")
    assert "/learn/certificates/" not in client.get("/account/").content.decode()


def test_nobody_comes_in_without_signing_in(client: Client, course: Course) -> None:
    for address in (url("catalogue"), url("course", "course"), url("lesson", "course", "one"), url("verify")):
        assert client.get(address).status_code == 302


# Cost --------------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("courses", [1, 3])
def test_the_catalogue_costs_the_same_with_one_course_and_three(
    client: Client, learner: User, django_assert_num_queries: DjangoAssertNumQueries, courses: int
) -> None:
    for number in range(courses):
        finish_lessons(learner, publish(course_content(code=f"course-{number}", order=number + 1)))
    client.get(url("catalogue"))
    with django_assert_num_queries(8):  # session, person, permissions, rights, the four of path_for
        client.get(url("catalogue"))


@pytest.mark.parametrize("attempts", [1, 3])
def test_a_course_costs_the_same_with_one_attempt_and_three(
    client: Client, course: Course, learner: User, django_assert_num_queries: DjangoAssertNumQueries, attempts: int
) -> None:
    finish_lessons(learner, course)
    for _again in range(attempts):
        services.submit_attempt(attempt=take_quiz(learner, course, wrong=4))
    client.get(url("course", "course"))
    with django_assert_num_queries(13):
        client.get(url("course", "course"))


@pytest.mark.parametrize("answers", [1, 3])
def test_a_lesson_costs_the_same_with_one_answer_and_three(
    client: Client, course: Course, learner: User, django_assert_num_queries: DjangoAssertNumQueries, answers: int
) -> None:
    for _again in range(answers):
        client.post(url("check", "course", "one"), {"choice": "c"})
    with django_assert_num_queries(7):
        client.get(url("lesson", "course", "one"))


def test_a_result_costs_the_same_whatever_was_drawn(
    client: Client, course: Course, learner: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    attempt = pass_course(learner, course)
    with django_assert_num_queries(10):
        client.get(url("result", attempt.pk))
