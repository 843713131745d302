from __future__ import annotations

import re
import uuid
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.accounts.models import PersonalToken, User
from apps.accounts.queries import user_for_token
from apps.accounts.services import create_token
from tests.factories.accounts import DepartmentFactory, EntityFactory, JobRoleFactory, SiteFactory, UserFactory

from .conftest import SignIn, reauthenticate

pytestmark = pytest.mark.django_db


def test_it_says_who_i_am(person: User, sign_in: SignIn) -> None:
    User.objects.filter(pk=person.pk).update(
        entity=EntityFactory(name="Alcyon Santé"),
        department=DepartmentFactory(name_en="Health claims"),
        site=SiteFactory(name="Erdre", city="Nantes"),
        job_role=JobRoleFactory(name_en="Claims handler"),
    )
    page = sign_in(person).get("/account/").content.decode()
    for words in ("Alcyon Santé", "Health claims", "Erdre, Nantes", "Claims handler", person.email):
        assert words in page


def test_what_hr_says_cannot_be_changed_here(person: User, sign_in: SignIn) -> None:
    client = sign_in(person)
    for path in ("/account/", "/account/theme/", "/account/language/"):
        client.post(path, {"theme": "dark", "language": "fr", "first_name": "Mallory", "is_staff": "1", "entity": "1"})
    person.refresh_from_db()
    assert person.first_name == "Camille"
    assert not person.is_staff


@pytest.mark.usefixtures("no_panels")
def test_it_asks_the_database_the_same_however_much_there_is(
    person: User, sign_in: SignIn, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = sign_in(person)

    def fill(count: int) -> None:
        for _turn in range(count):
            create_token(user=person, name="x", scopes=["read"], expires_at=timezone.now() + timedelta(days=1))

    fill(1)
    client.get("/account/")
    with django_assert_num_queries(8):
        client.get("/account/")
    fill(2)
    with django_assert_num_queries(8):
        page = client.get("/account/").content.decode()
    assert page.count("almia_") == 3


# Tokens ----------------------------------------------------------------------------------------------------------------
@pytest.fixture
def me(person: User, sign_in: SignIn) -> Client:
    client = sign_in(person)
    reauthenticate(client)
    return client


def make(client: Client, **changes: object) -> str:
    response = client.post("/account/tokens/new/", {"name": "My script", "scopes": ["read"], "days": "30"} | changes)
    return str(response.content.decode())


def test_the_secret_is_shown_once(person: User, me: Client) -> None:
    page = make(me)
    found = re.search(r"almia_[\w-]{43}", page)
    assert found
    opened = user_for_token(found[0])
    assert opened is not None
    assert opened[0] == person
    account = me.get("/account/").content.decode()
    assert "My script" in account
    assert found[0] not in account


def test_what_was_typed_stays_and_the_error_is_said(me: Client) -> None:
    response = me.post("/account/tokens/new/", {"name": "My script", "days": "30"})
    assert response.status_code == 422
    page = response.content.decode()
    assert "Choose what this token may do." in page
    assert 'value="My script"' in page
    assert not PersonalToken.objects.exists()


@pytest.mark.parametrize("changes", [{"scopes": ["everything"]}, {"days": "9999"}, {"days": "-1"}, {"name": ""}])
def test_no_token_beyond_what_is_offered(me: Client, changes: dict[str, object]) -> None:
    make(me, **changes)
    assert not PersonalToken.objects.exists()


@pytest.mark.parametrize(
    ("language", "reads", "chats"), [("en", "See your profile", "Read your conv"), ("fr", "Voir", "Lire vos conv")]
)
def test_what_a_token_may_do_is_said_in_words(me: Client, person: User, language: str, reads: str, chats: str) -> None:
    User.objects.filter(pk=person.pk).update(language=language)
    form = me.get("/account/tokens/new/")
    made = me.post("/account/tokens/new/", {"name": "My script", "scopes": ["read", "chat"], "days": "30"})
    for page in (form.content.decode(), made.content.decode(), me.get("/account/").content.decode()):
        assert reads in page
        assert chats in page
        assert not re.search(r">\s*read\s*<|\bread, |chat, read|chat · read", page)


def test_a_right_that_is_gone_stands_for_itself(me: Client, person: User) -> None:
    token, _secret = create_token(user=person, name="x", scopes=["read"], expires_at=timezone.now() + timedelta(days=1))
    PersonalToken.objects.update(scopes=["forgotten:read"])
    token.refresh_from_db()
    assert token.abilities == ["forgotten:read"]
    assert "forgotten:read" in me.get("/account/").content.decode()


def test_nobody_makes_a_token_for_somebody_else(me: Client, person: User) -> None:
    other = UserFactory()
    make(me, user=str(other.pk), user_id=str(other.pk), expires_at="2999-01-01")
    token = PersonalToken.objects.get()
    assert token.user == person
    assert token.expires_at < timezone.now() + timedelta(days=31)


def test_revoking_mine_theirs_and_none(me: Client, person: User) -> None:
    days = timezone.now() + timedelta(days=1)
    mine, _secret = create_token(user=person, name="mine", scopes=["read"], expires_at=days)
    theirs, secret = create_token(user=UserFactory(), name="theirs", scopes=["read"], expires_at=days)
    assert me.get(f"/account/tokens/{mine.pk}/revoke/").status_code == 405
    assert me.post(f"/account/tokens/{mine.pk}/revoke/").status_code == 302
    assert me.post(f"/account/tokens/{theirs.pk}/revoke/").status_code == 404
    assert me.post(f"/account/tokens/{uuid.uuid4()}/revoke/").status_code == 404
    assert user_for_token(secret) is not None
