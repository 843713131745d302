from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client, override_settings
from django.utils import timezone

from apps.access.models import Award
from apps.chat.models import Conversation
from apps.core.models import OwnerKey
from tests.factories.access import RequirementFactory, entitled_user
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

Talk = Callable[..., Conversation]
BASE = "/api/v1/conversations/"


@pytest.fixture
def client() -> Client:
    """A session of somebody who may chat; `client.user` is that person."""
    found = Client()
    found.user = entitled_user("chat.use", language="en")  # type: ignore[attr-defined]
    found.force_login(found.user)  # type: ignore[attr-defined]
    return found


def send(client: Client, method: str, path: str, body: object = None) -> Any:
    return client.generic(method, path, json.dumps(body) if body is not None else "", content_type="application/json")


def addresses(conversation_id: object) -> list[tuple[str, str, object]]:
    """Every way to reach one conversation."""
    return [
        ("GET", f"{BASE}{conversation_id}/", None),
        ("GET", f"{BASE}{conversation_id}/messages/", None),
        ("PATCH", f"{BASE}{conversation_id}/", {"title": "Mine now"}),
        ("PATCH", f"{BASE}{conversation_id}/", {"title": ""}),
        ("DELETE", f"{BASE}{conversation_id}/", None),
    ]


def test_reading(client: Client, talk: Talk) -> None:
    conversation = talk(client.user, title="Bons de sortie", turns=2)  # type: ignore[attr-defined]
    listed = client.get(BASE).json()
    assert (listed["count"], listed["results"][0]["title"]) == (1, "Bons de sortie")
    assert client.get(f"{BASE}{conversation.pk}/").json()["id"] == str(conversation.pk)
    turns = client.get(f"{BASE}{conversation.pk}/messages/").json()["results"]
    assert [(turn["text"], turn["answer"]["text"], turn["answer"]["model"]) for turn in turns] == [
        ("Question 1", "Answer 1", "Plume 1"),
        ("Question 2", "Answer 2", "Plume 1"),
    ]


def test_pages(client: Client, talk: Talk) -> None:
    for number in range(3):
        talk(client.user, title=f"No. {number}")  # type: ignore[attr-defined]
    page = client.get(BASE, {"page_size": 2}).json()
    assert (page["count"], len(page["results"])) == (3, 2)
    assert len(client.get(page["next"]).json()["results"]) == 1
    assert len(client.get(BASE, {"page_size": 10_000}).json()["results"]) == 3
    assert client.get(BASE, {"page": 3}).status_code == 404


@pytest.mark.parametrize("name", ["page", "page_size"])
@pytest.mark.parametrize("value", ["x", "", "0", "-1", "0.5", "1e1", "٣", "1_0", " 1", "last", "null", "9" * 5000, "%00"])
def test_a_page_is_a_whole_number(client: Client, name: str, value: str) -> None:
    response = client.get(f"{BASE}?{name}={value}")
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["errors"][0]["pointer"] == f"/{name}"
    assert client.get(f"{BASE}?{name}=1&{name}=1").status_code == 400


@pytest.mark.parametrize("path", ["me/", "capabilities/", "courses/", "progress/", "conversations/"])
def test_every_list_reads_its_page_alike(client: Client, path: str) -> None:
    assert client.get(f"/api/v1/{path}?page_size=x").status_code == (200 if path == "me/" else 400)


@pytest.mark.parametrize("rows", [1, 3])
def test_lists_cost_the_same_with_one_and_three(client: Client, talk: Talk, django_assert_num_queries: Any, rows: int) -> None:
    for _ in range(rows):
        conversation = talk(client.user, turns=rows)  # type: ignore[attr-defined]
    with django_assert_num_queries(6):  # session, person, capability, count, rows, the person's key
        assert client.get(BASE).status_code == 200
    with django_assert_num_queries(7):  # session, person, capability, conversation, the person's key, messages, runs
        assert client.get(f"{BASE}{conversation.pk}/messages/").status_code == 200


def test_renaming(client: Client, talk: Talk) -> None:
    conversation = talk(client.user)  # type: ignore[attr-defined]
    response = send(client, "PATCH", f"{BASE}{conversation.pk}/", {"title": "  Another   title ", "owner": "me"})
    assert (response.status_code, response.json()["title"]) == (200, "Another title")


@pytest.mark.parametrize(
    "body",
    [{}, {"title": ""}, {"title": "   "}, {"title": "x" * 121}, {"title": {"a": 1}}, {"title": 5}, {"title": "\0"}, [], "text"],
)
def test_a_bad_title_is_said_in_words(client: Client, talk: Talk, body: object) -> None:
    conversation = talk(client.user, title="Kept")  # type: ignore[attr-defined]
    response = send(client, "PATCH", f"{BASE}{conversation.pk}/", body)
    assert (response.status_code, response["Content-Type"]) == (400, "application/problem+json")
    assert response.json()["errors"][0]["detail"]
    assert client.get(f"{BASE}{conversation.pk}/").json()["title"] == "Kept"


def test_a_title_is_kept_as_it_can_be(client: Client, talk: Talk) -> None:
    conversation = talk(client.user)  # type: ignore[attr-defined]
    body = '{"title": "half \\ud83d, whole \\ud83d\\ude00,\\u0000 two\\r\\nlines"}'
    response = client.patch(f"{BASE}{conversation.pk}/", body, content_type="application/json")
    assert (response.status_code, response.json()["title"]) == (200, "half \ufffd, whole 😀, two lines")


@pytest.mark.parametrize("length", [120, 121])
def test_a_title_is_counted_in_characters(client: Client, talk: Talk, length: int) -> None:
    conversation = talk(client.user)  # type: ignore[attr-defined]
    response = send(client, "PATCH", f"{BASE}{conversation.pk}/", {"title": "😀" * length})
    assert response.status_code == (200 if length == 120 else 400)


@pytest.mark.parametrize(
    ("body", "content_type", "status"),
    [
        ("{", "application/json", 400),
        ("[" * 100_000, "application/json", 400),
        ('{"title":' * 100_000, "application/json", 400),
        ("title=x", "application/x-www-form-urlencoded", 415),
        ("<a/>", "text/xml", 415),
    ],
)
def test_what_is_not_json_is_refused(client: Client, talk: Talk, body: str, content_type: str, status: int) -> None:
    conversation = talk(client.user)  # type: ignore[attr-defined]
    response = client.patch(f"{BASE}{conversation.pk}/", body, content_type=content_type)
    assert (response.status_code, response["Content-Type"]) == (status, "application/problem+json")


@override_settings(DATA_UPLOAD_MAX_MEMORY_SIZE=200)
def test_too_much_at_once_is_refused(client: Client, talk: Talk) -> None:
    conversation = talk(client.user)  # type: ignore[attr-defined]
    response = send(client, "PATCH", f"{BASE}{conversation.pk}/", {"title": "x" * 1000})
    assert response.status_code in {400, 413}
    assert response["Content-Type"] == "application/problem+json"


def test_deleting_is_for_good(client: Client, talk: Talk) -> None:
    conversation = talk(client.user)  # type: ignore[attr-defined]
    assert send(client, "DELETE", f"{BASE}{conversation.pk}/").status_code == 204
    assert send(client, "DELETE", f"{BASE}{conversation.pk}/").status_code == 404
    assert not Conversation.objects.exists()


def test_somebody_elses_conversation_looks_like_one_that_does_not_exist(client: Client, talk: Talk) -> None:
    theirs = talk(UserFactory(), title="Secret")
    for (method, path, body), (_, missing, _body) in zip(addresses(theirs.pk), addresses(uuid.uuid4()), strict=True):
        refused, absent = send(client, method, path, body), send(client, method, missing, body)
        assert refused.status_code == absent.status_code == 404, path
        assert {**refused.json(), "instance": ""} == {**absent.json(), "instance": ""}
    assert client.get(BASE).json()["count"] == 0
    assert Conversation.objects.get().pk == theirs.pk


def test_without_the_right_every_door_says_what_opens_it(talk: Talk) -> None:
    RequirementFactory(capability="chat.use", training=None, charter=True)
    user = UserFactory(language="en")
    conversation = talk(user)
    client = Client()
    for method, path, body in [("GET", BASE, None), *addresses(conversation.pk)]:
        assert send(client, method, path, body).status_code == 401
    client.force_login(user)
    for method, path, body in [("GET", BASE, None), *addresses(conversation.pk)]:
        response = send(client, method, path, body)
        assert (response.status_code, response.json()["capability"]) == (403, "chat.use")
        assert response.json()["missing"] == [{"label": "Sign the AI charter", "state": "missing", "url": "/access/charter/"}]
        assert response.json()["detail"]


def test_the_right_lost_midway_closes_the_next_request(client: Client, talk: Talk) -> None:
    talk(client.user)  # type: ignore[attr-defined]
    assert client.get(BASE).status_code == 200
    Award.objects.update(revoked_at=timezone.now(), revoke_reason="test")
    assert client.get(BASE).json()["missing"][0]["state"] == "revoked"


def test_tokens_need_their_scopes(client: Client, talk: Talk, token_client: Callable[..., Client]) -> None:
    user = client.user  # type: ignore[attr-defined]
    conversation = talk(user)
    path = f"{BASE}{conversation.pk}/"
    body = {"title": "New"}
    assert token_client(user, "read", "write").get(BASE).json()["scopes"] == ["chat"]
    assert token_client(user, "chat").get(path).status_code == 200
    assert send(token_client(user, "chat"), "PATCH", path, body).json()["scopes"] == ["write"]
    assert send(token_client(user, "chat", "read"), "DELETE", path).status_code == 403
    assert send(token_client(user, "chat", "write"), "PATCH", path, body).status_code == 200
    assert token_client(user, "chat").get("/api/v1/me/").status_code == 403


def test_a_key_that_is_gone_is_said_and_nothing_breaks(client: Client, talk: Talk) -> None:
    conversation = talk(client.user)  # type: ignore[attr-defined]
    OwnerKey.objects.update(wrapped=None, destroyed_at=timezone.now())
    assert client.get(BASE).json()["results"][0]["title"] is None
    response = client.get(f"{BASE}{conversation.pk}/messages/")
    assert (response.status_code, response["Content-Type"]) == (503, "application/problem+json")


def test_writing_with_a_session_needs_the_csrf_token(client: Client, talk: Talk) -> None:
    conversation = talk(client.user)  # type: ignore[attr-defined]
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(client.user)  # type: ignore[attr-defined]
    assert send(strict, "DELETE", f"{BASE}{conversation.pk}/").status_code == 403
    assert Conversation.objects.exists()
