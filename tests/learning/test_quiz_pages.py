"""Pages of the quiz that are left open, in several tabs, past the end of the session and of the quiz."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.learning import services
from apps.learning.models import Attempt, Course
from tests.factories.accounts import UserFactory
from tests.factories.learning import finish_lessons, publish, right_answer, take_quiz, wrong_answer

from .test_views import posted, url

pytestmark = pytest.mark.django_db


@pytest.fixture
def course() -> Course:
    return publish()


@pytest.fixture
def learner(client: Client) -> User:
    user: User = UserFactory(language="en")
    client.force_login(user)
    return user


@pytest.fixture
def attempt(course: Course, learner: User) -> Attempt:
    finish_lessons(learner, course)
    return services.start_attempt(user=learner, course=course)


def seen_by(client: Client, attempt: Attempt) -> str:
    """What the page of the first question has seen, as it would send it."""
    found = re.search(r'name="seen" value="(\w*)"', client.get(url("question", attempt.pk, 1)).content.decode())
    assert found
    return found[1]


def stored(attempt: Attempt) -> Any:
    return attempt.responses.get(position=1).answer


def answers_to(attempt: Attempt) -> tuple[dict[str, Any], dict[str, Any], Any, Any]:
    """A right and a wrong answer to the first question: as they are posted, and as they are stored."""
    body = attempt.responses.select_related("question").get(position=1).question.body
    return posted(right_answer(body)), posted(wrong_answer(body)), right_answer(body), wrong_answer(body)


@pytest.mark.parametrize("sends_seen", [True, False])
def test_nothing_chosen_in_a_stale_tab_keeps_the_stored_answer(client: Client, attempt: Attempt, sends_seen: bool) -> None:
    here = url("question", attempt.pk, 1)
    stale = {"seen": seen_by(client, attempt)} if sends_seen else {}
    right, _, answer, _ = answers_to(attempt)
    client.post(here, right)
    autosaved = client.post(here, {**stale, "autosave": "1"})
    assert (autosaved.status_code, stored(attempt)) == (204, answer)
    response = client.post(here, stale)
    assert response.headers["Location"] == url("question", attempt.pk, 2), "There is an answer: one goes on."
    assert stored(attempt) == answer
    assert attempt.responses.get(position=1).answered_at is not None


def test_what_a_stale_tab_was_drawn_with_does_not_undo_a_newer_answer(client: Client, attempt: Attempt) -> None:
    here = url("question", attempt.pk, 1)
    right, wrong, answer, _ = answers_to(attempt)
    client.post(here, wrong)
    stale = seen_by(client, attempt)
    client.post(here, {**right, "seen": stale})
    assert client.post(here, {**wrong, "seen": stale}).status_code == 302
    assert stored(attempt) == answer


def test_a_change_made_in_a_stale_tab_counts(client: Client, attempt: Attempt) -> None:
    here = url("question", attempt.pk, 1)
    right, wrong, _, other = answers_to(attempt)
    stale = seen_by(client, attempt)
    client.post(here, {**right, "seen": stale})
    # A save along the way is first told that there is something newer, and then sends again what it shows.
    refused = client.post(here, {**wrong, "seen": stale, "autosave": "1"})
    assert refused.status_code == 409
    told = json.loads(refused.headers["HX-Trigger"])["almia:seen"]
    assert (told["again"], told["seen"]) == (True, seen_by(client, attempt))
    assert client.post(here, {**wrong, "seen": told["seen"], "autosave": "1"}).status_code == 204
    assert stored(attempt) == other


def test_an_answer_kept_late_does_not_undo_the_one_sent_after_it(client: Client, attempt: Attempt) -> None:
    here, drawn = url("question", attempt.pk, 1), seen_by(client, attempt)
    right, wrong, answer, _ = answers_to(attempt)
    client.post(here, {**right, "seen": drawn})
    assert client.post(here, {**wrong, "seen": drawn, "autosave": "1"}).status_code == 409
    assert stored(attempt) == answer


def test_what_the_page_had_can_be_taken_away_there(client: Client, attempt: Attempt) -> None:
    here = url("question", attempt.pk, 1)
    right, *_ = answers_to(attempt)
    kept = client.post(here, {**right, "seen": seen_by(client, attempt), "autosave": "1"})
    seen = json.loads(kept.headers["HX-Trigger"])["almia:seen"]["seen"]
    assert client.post(here, {"seen": seen, "autosave": "1"}).status_code == 204
    assert stored(attempt) is None


def test_an_answer_after_the_quiz_was_handed_in_is_told_so(
    client: Client, attempt: Attempt, learner: User, course: Course
) -> None:
    here, last = url("question", attempt.pk, 1), url("result", attempt.pk)
    services.submit_attempt(attempt=take_quiz(learner, course))
    right, _, answer, _ = answers_to(attempt)
    late = client.post(here, {**right, "autosave": "1"})
    assert (late.status_code, late.headers["HX-Redirect"]) == (204, last)
    assert "has been handed in" in client.get(last).content.decode()
    assert client.post(here, {}).headers["Location"] == last
    assert "has been handed in" in client.get(last).content.decode()
    assert stored(attempt) == answer


def test_an_answer_kept_after_the_session_ended_leads_back_to_its_question(attempt: Attempt) -> None:
    here = url("question", attempt.pk, 1)
    headers = {"HX-Request": "true", "HX-Current-URL": f"http://testserver{here}"}
    response = Client().post(here, {"choice": "a", "autosave": "1"}, headers=headers)
    assert response.headers["HX-Redirect"] == f"/accounts/login/?next={here}"
