from __future__ import annotations

import re
from datetime import timedelta

import pytest
from allauth.socialaccount.models import SocialAccount
from django.core import mail
from django.core.mail import EmailMessage
from django.test import Client
from django.utils import timezone

from apps.accounts.models import User
from apps.accounts.queries import user_for_token
from apps.accounts.services import create_person, create_token
from apps.core.models import AuditEntry, OutboxMessage
from tests.factories.accounts import PASSWORD, UserFactory

from .conftest import Letters, SignIn

pytestmark = pytest.mark.django_db

RESET = "/accounts/password/reset/"
NEW = "another-good-long-sentence"


def link_in(letter: EmailMessage) -> str:
    found = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", str(letter.body))
    assert found, letter.body
    return found[1]


def choose(client: Client, path: str, password: str = NEW) -> Client:
    form = client.get(path, follow=True)
    client.post(form.request["PATH_INFO"], {"password1": password, "password2": password})
    return client


def test_known_and_unknown_addresses_look_the_same(person: User, visitor: Client) -> None:
    known = visitor.post(RESET, {"email": person.email})
    unknown = visitor.post(RESET, {"email": "nobody@alcyon.example"})
    assert (known.status_code, known.headers["Location"]) == (unknown.status_code, unknown.headers["Location"])
    assert not mail.outbox, "No letter goes out while the answer is made: how long it takes tells nothing"


def test_only_the_known_gets_a_letter(person: User, visitor: Client, letters: Letters) -> None:
    visitor.post(RESET, {"email": "nobody@alcyon.example"})
    assert letters() == []
    visitor.post(RESET, {"email": person.email})
    assert [letter.to for letter in letters()] == [[person.email]]


def test_the_link_rests_encrypted(person: User, visitor: Client, letters: Letters) -> None:
    visitor.post(RESET, {"email": person.email})
    waiting = str(OutboxMessage.objects.get().arguments)
    path = link_in(letters()[0])
    assert path not in waiting
    assert path.split("-")[-1].strip("/") not in waiting


def test_the_link_works_once_and_signs_out_everywhere(person: User, visitor: Client, letters: Letters, sign_in: SignIn) -> None:
    elsewhere = sign_in(person)
    _, token = create_token(user=person, name="x", scopes=["read"], expires_at=timezone.now() + timedelta(days=1))
    visitor.post(RESET, {"email": person.email})
    path = link_in(letters()[0])
    assert "revokes your API tokens" in visitor.get(path, follow=True).content.decode()
    assert user_for_token(token) is not None, "Looking at the page changes nothing."
    choose(visitor, path)
    assert user_for_token(token) is None
    assert AuditEntry.objects.get(action="accounts.revoke_tokens").details == {"tokens": 1}
    assert "API tokens you had no longer work" in letters()[-1].body
    person.refresh_from_db()
    assert person.check_password(NEW)
    assert elsewhere.get("/account/").status_code == 302
    assert AuditEntry.objects.filter(action="accounts.reset_password").count() == 1
    assert "This link no longer works" in Client(headers={"accept-language": "en"}).get(path, follow=True).content.decode()


def test_a_first_password_replaces_nothing(visitor: Client, letters: Letters) -> None:
    create_person(email="ana@alcyon.example", first_name="Ana", language="en", invite=True, actor=None)
    path = link_in(letters()[0])
    page = visitor.get(path, follow=True).content.decode()
    assert "With it and your e-mail address you sign in from now on." in page
    assert "API token" not in page
    choose(visitor, path)
    assert "A password was just chosen for your Almia account." in letters()[-1].body
    assert "Your password is saved." in visitor.get("/accounts/login/").content.decode()
    assert visitor.post("/accounts/login/", {"login": "ana@alcyon.example", "password": NEW}).status_code == 302


def test_somebody_elses_link_opens_nothing(person: User, visitor: Client, letters: Letters) -> None:
    other = UserFactory()
    visitor.post(RESET, {"email": person.email})
    path = link_in(letters()[0]).replace(person.pk.hex, other.pk.hex)
    choose(visitor, path)
    other.refresh_from_db()
    assert other.check_password(PASSWORD)


def test_a_closed_account_gets_no_link(person: User, visitor: Client, letters: Letters) -> None:
    User.objects.update(is_active=False)
    visitor.post(RESET, {"email": person.email})
    assert letters() == []


@pytest.mark.parametrize(("password", "tied"), [(False, True), (True, True), (False, False)])
def test_who_comes_in_by_single_sign_on_gets_no_second_door(
    person: User, visitor: Client, letters: Letters, password: bool, tied: bool
) -> None:
    """Nor does whoever has their address by now, even if the identity was taken away."""
    if not password:
        person.set_unusable_password()
    person.last_login = timezone.now()
    person.save()
    if tied:
        SocialAccount.objects.create(user=person, provider="openid_connect", uid="1")
    visitor.post(RESET, {"email": person.email})
    [letter] = letters()
    assert "/reset/key/" not in letter.body
    assert "company’s sign-in" in letter.body


def test_changing_it_keeps_this_session_and_no_other(person: User, sign_in: SignIn, letters: Letters) -> None:
    here, elsewhere = sign_in(person), sign_in(person)
    _, token = create_token(user=person, name="x", scopes=["read"], expires_at=timezone.now() + timedelta(days=1))
    assert "Your API tokens go on working" in here.get("/accounts/password/change/").content.decode()
    untracked = Client()
    untracked.force_login(person)
    response = here.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW})
    assert response.status_code == 302
    assert here.get("/account/").status_code == 200
    assert elsewhere.get("/account/").status_code == 302
    assert untracked.get("/account/").status_code == 302
    assert "1 place" in here.get("/account/").content.decode()
    assert [letter.subject for letter in letters()] == ["Almia · Your password was changed"]
    assert user_for_token(token) is not None


@pytest.mark.parametrize(
    "changes",
    [
        {"oldpassword": "not-mine"},
        {"password1": "short", "password2": "short"},
        {"password2": "something-else-altogether"},
        {"password1": "motdepasse123", "password2": "motdepasse123", "oldpassword": ""},
    ],
)
def test_a_bad_change_changes_nothing(person: User, sign_in: SignIn, changes: dict[str, str]) -> None:
    client = sign_in(person)
    client.post("/accounts/password/change/", {"oldpassword": PASSWORD, "password1": NEW, "password2": NEW} | changes)
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


def test_asking_again_and_again_for_one_address_is_slowed(person: User, visitor: Client, letters: Letters) -> None:
    answers = [visitor.post(RESET, {"email": person.email}).status_code for _attempt in range(4)]
    assert answers == [302, 302, 302, 429]
    assert len(letters()) == 3


def test_who_comes_in_through_the_company_sets_no_password(visitor: Client) -> None:
    user = UserFactory()
    user.set_unusable_password()
    user.save()
    SocialAccount.objects.create(user=user, provider="sso", uid="4711")
    visitor.force_login(user)
    words = {"password1": "a long enough sentence", "password2": "a long enough sentence"}
    response = visitor.post("/accounts/password/set/", words)
    assert response.status_code == 200
    assert "no password of its own" in response.content.decode()
    user.refresh_from_db()
    assert not user.has_usable_password()
    SocialAccount.objects.all().delete()
    assert visitor.post("/accounts/password/set/", words).status_code == 302
    user.refresh_from_db()
    assert user.has_usable_password()
