from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from apps.accounts.models import PersonalToken
from apps.accounts.services import create_token, revoke_token
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db

TokenClient = Callable[..., Client]


def test_a_token_speaks_for_its_person(token_client: TokenClient) -> None:
    user = UserFactory()
    response = token_client(user, "read").get("/api/v1/me/")
    assert (response.status_code, response.json()["id"]) == (200, str(user.pk))


def test_the_scheme_is_read_in_any_case(token_client: TokenClient) -> None:
    user = UserFactory()
    _token, raw = create_token(user=user, name="t", scopes=["read"], expires_at=timezone.now() + timedelta(days=1))
    assert Client(headers={"authorization": f"bearer  {raw} "}).get("/api/v1/me/").status_code == 200


@pytest.mark.parametrize(
    "header", ["Bearer almia_wrong", "Bearer", "", "Basic YTpi", "Token almia_x", "Bearer \x00", "Bearer almia_é"]
)
def test_a_bad_header_never_falls_back_to_the_session(client: Client, header: str) -> None:
    client.force_login(UserFactory())
    response = client.get("/api/v1/me/", headers={"authorization": header})
    assert response.status_code == 401
    assert response["WWW-Authenticate"] == 'Bearer realm="almia"'
    assert response["Content-Type"] == "application/problem+json"


def test_a_token_that_ended_opens_nothing(client: Client) -> None:
    user = UserFactory()
    token, raw = create_token(user=user, name="t", scopes=["read"], expires_at=timezone.now() + timedelta(days=1))
    header = {"authorization": f"Bearer {raw}"}
    assert client.get("/api/v1/me/", headers=header).status_code == 200
    PersonalToken.objects.filter(pk=token.pk).update(
        created_at=timezone.now() - timedelta(days=2), expires_at=timezone.now() - timedelta(seconds=1)
    )
    assert client.get("/api/v1/me/", headers=header).status_code == 401

    token, raw = create_token(user=user, name="t", scopes=["read"], expires_at=timezone.now() + timedelta(days=1))
    header = {"authorization": f"Bearer {raw}"}
    revoke_token(user=user, token_id=token.pk)
    assert client.get("/api/v1/me/", headers=header).status_code == 401

    token, raw = create_token(user=user, name="t", scopes=["read"], expires_at=timezone.now() + timedelta(days=1))
    user.is_active = False
    user.save()
    assert client.get("/api/v1/me/", headers={"authorization": f"Bearer {raw}"}).status_code == 401


def test_scopes_hold_even_beside_a_session_and_other_headers(token_client: TokenClient) -> None:
    user = UserFactory()
    client = token_client(user, "chat")
    client.force_login(user)
    for headers in (
        {},
        {"x-api-key": "almia_x"},
        {"x-scopes": "read write chat"},
        {"x-http-method-override": "GET"},
        {"proxy-authorization": "Bearer almia_x"},
    ):
        response = client.get("/api/v1/me/", headers=headers)
        assert (response.status_code, response.json()["scopes"]) == (403, ["read"])
        assert response.json()["type"].endswith("#missing_scope")


def test_a_token_in_the_address_is_not_a_token(client: Client) -> None:
    _token, raw = create_token(user=UserFactory(), name="t", scopes=["read"], expires_at=timezone.now() + timedelta(days=1))
    assert client.get("/api/v1/me/", {"token": raw, "access_token": raw}).status_code == 401


def test_a_token_opens_only_the_api(token_client: TokenClient) -> None:
    assert token_client(UserFactory(), "read").get("/").status_code == 302
    assert token_client(UserFactory(), "read").get("/api/v1/docs/").status_code == 302
