from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from apps.learning import services as learning
from tests.factories.accounts import UserFactory
from tests.factories.learning import finish_lessons, pass_course, publish

pytestmark = pytest.mark.django_db


def test_the_courses_in_the_callers_language(client: Client) -> None:
    publish(code="first", order=1)
    publish(code="second", order=2)
    client.force_login(UserFactory(language="fr"))
    body = client.get("/api/v1/courses/").json()
    assert [(course["code"], course["title"]) for course in body["results"]] == [
        ("first", "Course first (fr)"),
        ("second", "Course second (fr)"),
    ]
    assert body["results"][0]["url"] == "http://testserver/learn/courses/first/"


def test_a_course_and_its_outline(client: Client) -> None:
    course = publish(code="first")
    user = UserFactory(language="en")
    finish_lessons(user, course)
    client.force_login(user)
    body = client.get("/api/v1/courses/first/").json()
    assert (body["pass_mark"], body["questions"], body["valid_days"]) == (75, 4, 365)
    assert [[lesson["done"] for lesson in module["lessons"]] for module in body["modules"]] == [[True, True], [True, True]]
    assert "Body one" not in str(body)
    assert "correct" not in str(body)
    assert client.get("/api/v1/courses/no-such/").status_code == 404


def test_progress_is_ones_own(client: Client) -> None:
    first, second = publish(code="first", order=1), publish(code="second", order=2)
    user = UserFactory()
    pass_course(user, first)
    learning.enrol(user=user, course=second)
    client.force_login(user)
    body = client.get("/api/v1/progress/").json()["results"]
    assert [(step["course"], step["state"], step["percent"]) for step in body] == [
        ("first", "done", 100),
        ("second", "current", 0),
    ]
    assert body[1]["url"].endswith("/learn/courses/second/lessons/one/")
    client.force_login(UserFactory())
    assert {step["percent"] for step in client.get("/api/v1/progress/").json()["results"]} == {0}


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize("path", ["courses", "progress"])
def test_lists_cost_the_same_with_one_and_three(client: Client, django_assert_num_queries: Any, path: str, rows: int) -> None:
    user = UserFactory()
    for number in range(rows):
        learning.enrol(user=user, course=publish(code=f"course-{number}"))
    client.force_login(user)
    with django_assert_num_queries(6):  # session, person, the path's four
        assert len(client.get(f"/api/v1/{path}/").json()["results"]) == rows


@pytest.mark.parametrize("path", ["courses", "courses/first", "progress"])
def test_tokens_need_the_scope_to_read(client: Client, token_client: Any, path: str) -> None:
    publish(code="first")
    user = UserFactory()
    assert client.get(f"/api/v1/{path}/").status_code == 401
    assert token_client(user, "chat", "write").get(f"/api/v1/{path}/").status_code == 403
    assert token_client(user, "read").get(f"/api/v1/{path}/").status_code == 200
