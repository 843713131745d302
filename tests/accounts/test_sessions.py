from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.account.models import EmailAddress
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from apps.accounts.enums import Role
from apps.accounts.models import User
from apps.accounts.roles import sync_roles
from apps.accounts.services import activate_person, create_token, deactivate_person, end_sessions, set_roles
from apps.core import audit, db
from apps.core.models import AuditEntry
from tests.factories.accounts import PASSWORD, UserFactory
from tests.live import LiveServer

from .conftest import SignIn


@pytest.mark.django_db
def test_the_list_shows_every_place_and_ends_the_others(person: User, sign_in: SignIn) -> None:
    here, elsewhere = sign_in(person), sign_in(person)
    page = here.get("/accounts/sessions/").content.decode()
    assert page.count("Firefox") == 2
    assert page.count("This one") == 1
    here.post("/accounts/sessions/")
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302


def token_of(user: User) -> str:
    return create_token(user=user, name="mine", scopes=["read"], expires_at=timezone.now() + timedelta(days=1))[1]


def opens(raw: str) -> bool:
    """Whether a program still gets in with the token."""
    return Client().get("/api/v1/me/", headers={"authorization": f"Bearer {raw}"}).status_code == 200


@pytest.mark.django_db
def test_signing_out_everywhere_else_revokes_tokens_unless_told_otherwise(person: User, sign_in: SignIn) -> None:
    here, other = sign_in(person), UserFactory()
    assert 'name="tokens"' not in here.get("/accounts/sessions/").content.decode(), "There is none to revoke."
    raw, theirs = token_of(person), token_of(other)
    page = here.get("/accounts/sessions/").content.decode()
    assert re.search(r'<input type="checkbox" name="tokens"[^>]* checked>', page)
    assert "Sign out everywhere else" in page, "Even from the only place: programs are elsewhere, too."
    here.post("/accounts/sessions/", {})
    assert opens(raw), "Unticked: they go on."
    page = here.post("/accounts/sessions/", {"tokens": "on"}, follow=True).content.decode()
    assert "You are signed out everywhere else. 1 API token is revoked." in page
    assert not opens(raw)
    assert opens(theirs)
    entries = AuditEntry.objects.filter(action__in=["accounts.sign_out_elsewhere", "accounts.revoke_tokens"]).order_by("pk")
    assert [(entry.action, entry.details) for entry in entries] == [
        ("accounts.sign_out_elsewhere", {}),
        ("accounts.sign_out_elsewhere", {}),
        ("accounts.revoke_tokens", {"tokens": 1}),
    ]
    assert {entry.actor for entry in entries} == {audit.pseudonym(person)}


@pytest.mark.django_db
def test_the_page_of_sessions_is_for_who_is_signed_in(client: Client) -> None:
    for response in (client.get("/accounts/sessions/"), client.post("/accounts/sessions/", {"tokens": "on"})):
        assert response.status_code == 302
        assert response.headers["Location"].startswith("/accounts/login/")


@pytest.mark.django_db
def test_a_closed_account_stops_programs_at_once(person: User) -> None:
    raw = token_of(person)
    assert opens(raw)
    deactivate_person(user=person, actor=UserFactory(), reason="Left")
    assert not opens(raw)
    activate_person(user=person, actor=UserFactory())
    assert not opens(raw)


@pytest.mark.django_db
def test_nobody_sees_or_ends_the_sessions_of_others(person: User, sign_in: SignIn) -> None:
    other = UserFactory()
    EmailAddress.objects.create(user=other, email=other.email, primary=True, verified=True)
    theirs, mine = sign_in(other), sign_in(person)
    assert mine.get("/accounts/sessions/").content.decode().count("Firefox") == 1
    mine.post("/accounts/sessions/")
    assert theirs.get("/account/").status_code == 200


@pytest.mark.django_db
def test_ending_sessions_ends_those_nobody_kept_track_of(person: User) -> None:
    client = Client()
    client.force_login(person)
    assert not UserSession.objects.exists()
    end_sessions(user=person)
    assert client.get("/account/").status_code == 302


@pytest.mark.django_db
def test_a_closed_account_stays_signed_out_when_opened_again(person: User, sign_in: SignIn) -> None:
    administrator = UserFactory()
    client = sign_in(person)
    deactivate_person(user=person, actor=administrator, reason="Left")
    assert client.get("/account/").status_code == 302
    activate_person(user=person, actor=administrator)
    assert client.get("/account/").status_code == 302
    assert not UserSession.objects.filter(user=person).exists()
    assert sign_in(person).get("/account/").status_code == 200


@pytest.mark.django_db
def test_new_roles_ask_for_a_new_sign_in_but_for_oneself(person: User, sign_in: SignIn) -> None:
    sync_roles()
    client = sign_in(person)
    set_roles(user=person, roles=[Role.TRAINER], actor=UserFactory())
    assert client.get("/account/").status_code == 302
    client = sign_in(person)
    set_roles(user=person, roles=[Role.TRAINER, Role.CHAMPION], actor=person)
    assert client.get("/account/").status_code == 200


# Open sockets ----------------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
async def test_closing_an_account_closes_its_sockets(live_server_ws: LiveServer) -> None:
    person, administrator = await db.run(UserFactory), await db.run(UserFactory)
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        await db.run(lambda: deactivate_person(user=person, actor=administrator, reason="Left"))
        assert await tab.closed() == 4401


@pytest.mark.django_db(transaction=True)
async def test_signing_out_closes_the_tabs_of_that_session_only(live_server_ws: LiveServer) -> None:
    person = await db.run(UserFactory)

    def signed_in() -> Client:
        EmailAddress.objects.get_or_create(user=person, email=person.email, primary=True, verified=True)
        client = Client()
        client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
        return client

    leaving, staying = await db.run(signed_in), await db.run(signed_in)
    async with (
        live_server_ws.tab(leaving.cookies["sessionid"].value) as left,
        live_server_ws.tab(staying.cookies["sessionid"].value) as stayed,
    ):
        await db.run(leaving.post, "/accounts/logout/")
        assert await left.closed() == 4401
        assert await stayed.silent()


@pytest.mark.django_db(transaction=True)
async def test_signing_out_elsewhere_closes_the_tabs_there(live_server_ws: LiveServer) -> None:
    person = await db.run(UserFactory)

    def signed_in() -> Client:
        EmailAddress.objects.get_or_create(user=person, email=person.email, primary=True, verified=True)
        client = Client()
        client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
        return client

    here, elsewhere = await db.run(signed_in), await db.run(signed_in)
    async with live_server_ws.tab(elsewhere.cookies["sessionid"].value) as tab:
        await db.run(here.post, "/accounts/sessions/")
        assert await tab.closed() == 4401


@pytest.mark.django_db
def test_a_session_row_of_somebody_signed_out_is_gone(person: User, sign_in: SignIn) -> None:
    client = sign_in(person)
    key = client.cookies["sessionid"].value
    client.post("/accounts/logout/")
    assert not Session.objects.filter(session_key=key).exists()
    assert not UserSession.objects.filter(session_key=key).exists()


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/", "/account/", "/learn/", "/api/v1/me/", "/no/such/page/"])
def test_what_is_drawn_for_a_person_is_kept_by_no_cache(client: Client, path: str) -> None:
    client.force_login(UserFactory())
    assert client.get(path)["Cache-Control"] == "private, no-store"


@pytest.mark.django_db
def test_what_a_program_gets_with_a_token_is_kept_by_no_cache_either(client: Client) -> None:
    user = UserFactory()
    _, raw = create_token(user=user, name="mine", scopes=["read"], expires_at=timezone.now() + timedelta(days=1))
    response = client.get("/api/v1/me/", headers={"authorization": f"Bearer {raw}"})
    assert (response.status_code, response["Cache-Control"]) == (200, "private, no-store")
