"""The learner's pages, from the catalogue to the certificate."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.accounts.models import User
from apps.learning.models import Attempt, Course
from tests.factories.accounts import UserFactory
from tests.factories.learning import publish, right_answer

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
    """Start, read, answer, be graded, hold a certificate: every step a plain form."""
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
