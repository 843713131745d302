from __future__ import annotations

import uuid
from typing import Any

import pytest
from django.test import Client
from rest_framework import serializers

from apps.accounts.api import views
from apps.api.reference import openapi
from apps.core.api import problems
from apps.core.api.throttling import PersonThrottle
from apps.core.api.views import ApiView
from apps.core.crypto.errors import KeyUnavailable
from apps.core.refusals import Refusal
from tests.factories.access import RequirementFactory
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


def problem(response: Any, status: int) -> dict[str, Any]:
    assert response.status_code == status
    assert response["Content-Type"] == "application/problem+json"
    body: dict[str, Any] = response.json()
    assert body["status"] == status
    assert body["title"]
    assert body["instance"].startswith("urn:uuid:")
    return body


def test_every_error_is_a_problem(client: Client) -> None:
    problem(client.get("/api/v1/me/"), 401)
    problem(client.get("/api/v1/no/such/thing/"), 404)
    client.force_login(UserFactory())
    problem(client.get("/api/v1/no/such/thing/"), 404)
    problem(client.get("/api/v1/me"), 404)
    problem(client.get("/api/v1/capabilities/no.such/"), 404)
    problem(client.get("/api/v1/capabilities/?page=99"), 404)
    problem(client.post("/api/v1/me/", "{}", content_type="application/json"), 405)
    problem(client.options("/api/v1/me/"), 405)
    problem(client.delete("/api/v1/me/"), 405)


def operations() -> list[tuple[str, str]]:
    """Every operation, each with an address."""
    values = {"{code}": "x", "{conversation_id}": str(uuid.uuid4())}
    found = []
    for path, methods in openapi()["paths"].items():
        for name, value in values.items():
            path = path.replace(name, value)
        found += [(method, path) for method in methods]
    return found


@pytest.mark.parametrize(
    ("error", "status", "more"),
    [
        (Refusal("Wait.", code="busy"), 409, {"code": "busy", "detail": "Wait."}),
        (Refusal("Not now."), 409, {"code": "refused", "detail": "Not now."}),
        (KeyUnavailable("no key"), 503, {}),
    ],
)
def test_every_operation_says_what_is_refused_and_what_is_out_of_order(
    client: Client, monkeypatch: pytest.MonkeyPatch, error: Exception, status: int, more: dict[str, Any]
) -> None:
    def fail(*_args: object) -> None:
        raise error

    monkeypatch.setattr(ApiView, "check_permissions", fail)
    client.force_login(UserFactory(language="en"))
    assert len(operations()) >= 8
    for method, path in operations():
        body = problem(client.generic(method.upper(), path, "{}", content_type="application/json"), status)
        assert {name: body[name] for name in more} == more, f"{method} {path}"


def test_the_language_is_the_callers(client: Client) -> None:
    client.force_login(UserFactory(language="en"))
    assert problem(client.get("/api/v1/nothing/"), 404)["title"] == "There is nothing here"


def test_csrf_is_asked_of_sessions() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory())
    body = problem(client.post("/api/v1/me/", "{}", content_type="application/json"), 403)
    assert "CSRF" in body["detail"]


def test_accept_is_not_held_against_anybody(client: Client) -> None:
    client.force_login(UserFactory())
    for accept in ("text/html", "application/xml", "image/png"):
        assert client.get("/api/v1/me/", headers={"accept": accept})["Content-Type"] == "application/json"


def test_an_unexpected_error_is_logged_under_the_id_the_caller_gets(
    client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(user_id: object) -> None:
        raise RuntimeError("postgres://user:secret@host")

    monkeypatch.setattr(views, "get_person", broken)
    client.force_login(UserFactory())
    response = client.get("/api/v1/me/")
    body = problem(response, 500)
    assert "secret" not in response.content.decode()
    assert body["instance"] in caplog.text


def test_too_many_requests_say_when_to_come_back(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PersonThrottle, "THROTTLE_RATES", {"person": "3/min"})
    user = UserFactory()
    client.force_login(user)
    assert [client.get("/api/v1/me/").status_code for _ in range(3)] == [200] * 3
    response = client.get("/api/v1/me/")
    problem(response, 429)
    assert 1 <= int(response["Retry-After"]) <= 61
    # Another session of the same person is the same person; somebody else is not affected.
    other = Client()
    other.force_login(user)
    assert other.get("/api/v1/me/").status_code == 429
    client.force_login(UserFactory())
    assert client.get("/api/v1/me/").status_code == 200


def test_refusals_count_towards_the_throttle(token_client: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(PersonThrottle, "THROTTLE_RATES", {"person": "2/min"})
    client = token_client(UserFactory(), "write")
    assert [client.get("/api/v1/me/").status_code for _ in range(3)] == [403, 403, 429]


@pytest.mark.parametrize("path", ["nothing", "courses/%0A/", "%0A", "capabilities/a%2Fb/", "conversations/x%0D%0Ay/messages/"])
@pytest.mark.parametrize("method", ["get", "post", "options"])
def test_whatever_is_not_there_is_a_problem_as_well(client: Client, path: str, method: str) -> None:
    client.force_login(UserFactory())
    response = getattr(client, method)(f"/api/v1/{path}")
    problem(response, 404)
    assert "Allow" not in response


def test_field_errors_are_pointers() -> None:
    class Inner(serializers.Serializer[Any]):
        count = serializers.IntegerField()

    class Outer(serializers.Serializer[Any]):
        title = serializers.CharField()
        rows = Inner(many=True)

    serializer = Outer(data={"rows": [{"count": 1}, {"count": "x"}]})
    assert not serializer.is_valid()
    found = problems._field_errors(serializer.errors)
    assert [(error["pointer"], error["code"]) for error in found] == [("/title", "required"), ("/rows/1/count", "invalid")]


def test_links_are_whole_addresses(client: Client) -> None:
    RequirementFactory(capability="chat.use", training=None, charter=True)
    client.force_login(UserFactory())
    body = client.get("/api/v1/capabilities/chat.use/").json()
    assert body["requirements"][0]["url"] == "http://testserver/access/charter/"
