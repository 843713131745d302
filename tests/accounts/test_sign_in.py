from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from allauth.account.models import EmailAddress
from django.conf import settings as django_settings
from django.core.exceptions import ImproperlyConfigured
from django.test import Client

from almia.settings import base
from apps.accounts.models import User
from apps.core.models import AuditEntry
from tests.factories.accounts import PASSWORD, UserFactory
from tests.pages import markup

from .conftest import Letters, SignIn

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


def test_passwords_are_kept_with_argon2() -> None:
    assert base.PASSWORD_HASHERS[0].endswith("Argon2PasswordHasher")


def test_signs_in_and_leaves_a_trace(person: User, sign_in: SignIn) -> None:
    client = sign_in(person)
    assert client.get("/account/").status_code == 200
    assert AuditEntry.objects.filter(action="accounts.sign_in").count() == 1


def test_the_address_is_known_in_any_case(person: User, visitor: Client) -> None:
    assert visitor.post(LOGIN, {"login": person.email.upper(), "password": PASSWORD}).status_code == 302


def test_an_unknown_address_and_a_wrong_password_get_the_same_answer(person: User, visitor: Client) -> None:
    wrong = visitor.post(LOGIN, {"login": person.email, "password": "not-the-password"})
    unknown = visitor.post(LOGIN, {"login": "nobody@alcyon.example", "password": "not-the-password"})
    assert wrong.status_code == unknown.status_code == 200
    words = "This e-mail address and this password do not go together."
    assert words in wrong.content.decode()
    assert words in unknown.content.decode()
    assert wrong.content.decode().replace(person.email, "")[-400:] == unknown.content.decode()[-400:]


def test_an_unknown_address_costs_as_much_hashing_as_a_known_one(
    person: User, visitor: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []

    def hash_it(password: str) -> str:
        hashed.append(password)
        return "hashed"

    monkeypatch.setattr("django.contrib.auth.base_user.make_password", hash_it)
    visitor.post(LOGIN, {"login": "nobody@alcyon.example", "password": "not-the-password"})
    assert hashed == ["not-the-password"]


def test_what_was_typed_stays_except_the_password(visitor: Client) -> None:
    page = visitor.post(LOGIN, {"login": "nobody@alcyon.example", "password": "not-the-password"}).content.decode()
    assert 'value="nobody@alcyon.example"' in page
    assert "not-the-password" not in page


def test_a_closed_account_is_told_so_and_stays_out(person: User, visitor: Client) -> None:
    User.objects.update(is_active=False)
    response = visitor.post(LOGIN, {"login": person.email, "password": PASSWORD}, follow=True)
    assert "This account is closed" in response.content.decode()
    assert visitor.get("/account/").status_code == 302


def test_an_unconfirmed_address_gets_a_letter_first(visitor: Client, letters: Letters) -> None:
    user = UserFactory()
    response = visitor.post(LOGIN, {"login": user.email, "password": PASSWORD}, follow=True)
    assert "Check your e-mail" in response.content.decode()
    [letter] = letters()
    assert letter.to == [user.email]
    link = next(line for line in letter.body.splitlines() if "/accounts/confirm-email/" in line)
    path = link.removeprefix("http://testserver")
    assert not EmailAddress.objects.get(user=user).verified
    assert visitor.get(path).status_code == 200
    assert not EmailAddress.objects.get(user=user).verified, "Looking at the page confirms nothing"
    visitor.post(path)
    assert EmailAddress.objects.get(user=user).verified


@pytest.mark.parametrize(
    ("asked", "led_to"),
    [
        ("/account/", "/account/"),
        ("https://evil.example/", "/"),
        ("//evil.example/", "/"),
        ("javascript:alert(1)", "/"),
        ("/\\evil.example", "/"),
    ],
)
def test_leads_back_to_our_own_pages_only(person: User, visitor: Client, asked: str, led_to: str) -> None:
    response = visitor.post(LOGIN, {"login": person.email, "password": PASSWORD, "next": asked})
    assert response.headers["Location"] == led_to


def test_guessing_one_account_is_slowed_whatever_the_address_it_comes_from(person: User) -> None:
    for attempt in range(5):
        Client(REMOTE_ADDR=f"10.0.0.{attempt}").post(LOGIN, {"login": person.email, "password": f"guess-{attempt}"})
    right = Client(REMOTE_ADDR="10.0.0.99", headers={"accept-language": "en"}).post(
        LOGIN, {"login": person.email, "password": PASSWORD}
    )
    assert right.status_code == 200
    assert "Too many attempts" in right.content.decode()


def test_too_many_sign_ins_get_a_page_that_says_wait(visitor: Client, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"login": "1/m/ip"}
    visitor.post(LOGIN, {"login": "a@alcyon.example", "password": "x"})
    response = visitor.post(LOGIN, {"login": "a@alcyon.example", "password": "x"})
    assert response.status_code == 429
    assert "A little too fast" in response.content.decode()


def test_a_page_asks_for_sign_in_and_a_fragment_sends_the_page_there(visitor: Client) -> None:
    assert visitor.get("/account/?a=1").headers["Location"] == "/accounts/login/?next=/account/%3Fa%3D1"
    fragment = visitor.get("/account/", headers={"hx-request": "true"})
    assert fragment.status_code == 401
    assert fragment.headers["HX-Redirect"] == LOGIN
    headers = {"hx-request": "true", "hx-current-url": "http://testserver/learn/?a=1"}
    assert visitor.get("/navigation/", headers=headers).headers["HX-Redirect"] == f"{LOGIN}?next=/learn/%3Fa%3D1"


@pytest.mark.parametrize(
    ("headers", "back"),
    [
        ({}, "/chat/"),
        ({"referer": "http://testserver/chat/?model=x"}, "/chat/?model=x"),
        ({"referer": "http://testserver/"}, "/"),
        ({"referer": "http://testserver/chat/start/"}, "/chat/"),
        ({"referer": "https://evil.example/chat/"}, "/chat/"),
        ({"referer": "//evil.example/chat/"}, "/chat/"),
        ({"referer": "http://testserver/accounts/login/?next=/account/"}, "/chat/"),
        ({"referer": "http://testserver/no/such/page/"}, "/chat/"),
        ({"referer": "http://[broken/"}, "/chat/"),
    ],
)
def test_a_form_sent_without_a_session_leads_back_to_its_page(
    person: User, visitor: Client, headers: dict[str, str], back: str
) -> None:
    response = visitor.post("/chat/start/", {"text": "What I wrote"}, headers=headers)
    [asked] = parse_qs(urlsplit(response.headers["Location"]).query)["next"]
    assert asked == back
    signed_in = visitor.post(LOGIN, {"login": person.email, "password": PASSWORD, "next": asked}, follow=True)
    assert signed_in.status_code != 405


@pytest.mark.parametrize("asked", ["/chat/start/", "/chat/start/?x=1", "/account/language/"])
def test_no_remembered_place_is_one_that_only_takes_a_form(person: User, visitor: Client, asked: str) -> None:
    led_to = visitor.post(LOGIN, {"login": person.email, "password": PASSWORD, "next": asked}).headers["Location"]
    assert led_to == {"/account/language/": "/account/"}.get(asked, "/chat/")
    # Somebody already signed in who follows an old link, and a choice of language on a page that answered a form.
    assert visitor.get(LOGIN, {"next": asked}).headers["Location"] == led_to
    assert visitor.post("/account/language/", {"language": "en", "next": asked}).headers["Location"] == led_to


def test_an_address_that_only_takes_a_form_says_so_and_leads_to_its_page(person: User, sign_in: SignIn) -> None:
    response = sign_in(person).get("/chat/start/")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert 'href="/chat/"' in response.content.decode()


def test_a_page_learns_who_is_signed_in_and_gets_a_token(person: User, sign_in: SignIn, visitor: Client) -> None:
    assert visitor.get("/account/session/").json() == {"person": None}
    client = sign_in(person)
    told = client.get("/account/session/")
    assert told.json()["person"] == str(person.pk)
    assert "no-store" in told.headers["Cache-Control"]
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = client.cookies
    form = {"theme": "dark", "csrfmiddlewaretoken": told.json()["token"]}
    assert strict.post("/account/theme/", form).status_code == 302


@pytest.mark.parametrize(("theme", "taken"), [("dark", True), ("no such theme", False)])
def test_what_was_taken_is_told_to_the_browser_that_sent_it(person: User, sign_in: SignIn, theme: str, taken: bool) -> None:
    response = sign_in(person).post("/account/theme/", {"theme": theme, "sent": "abcdef123456"})
    assert ("almia-sent-abcdef123456" in response.cookies) is taken


@pytest.mark.parametrize("sent", ["", "short", "A" * 12, "a" * 33, "a;b=c;path=/", "a\r\nSet-Cookie: x"])
def test_no_cookie_of_any_other_name_can_be_set(person: User, sign_in: SignIn, sent: str) -> None:
    response = sign_in(person).post("/account/theme/", {"theme": "dark", "sent": sent})
    assert not [name for name in response.cookies if name.startswith("almia-sent")]


def test_what_went_to_sign_in_was_not_taken(visitor: Client) -> None:
    response = visitor.post("/chat/start/", {"text": "What I wrote", "sent": "abcdef123456"})
    assert "almia-sent-abcdef123456" not in response.cookies


def test_signing_out_takes_a_post(person: User, sign_in: SignIn) -> None:
    client = sign_in(person)
    assert client.get("/accounts/logout/").status_code == 200
    assert client.get("/account/").status_code == 200
    assert client.post("/accounts/logout/").headers["Location"] == LOGIN
    assert client.get("/account/").status_code == 302


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "path",
    [
        "/accounts/login/",
        "/accounts/signup/",
        "/accounts/inactive/",
        "/accounts/password/reset/",
        "/accounts/password/reset/done/",
        "/accounts/password/reset/key/x-y/",
        "/accounts/password/reset/key/done/",
        "/accounts/confirm-email/",
        "/accounts/confirm-email/nonsense/",
        "/accounts/3rdparty/login/cancelled/",
    ],
)
def test_every_door_is_in_our_look_and_language(path: str, language: str) -> None:
    response = Client(headers={"accept-language": language}).get(path)
    page = markup(response)
    assert response.status_code == 200
    assert f'<html lang="{language}"' in page
    assert "css/almia.css" in page


# Signing up ------------------------------------------------------------------------------------------------------------
SIGNUP = {"email": "new@alcyon.example", "password1": "a-good-long-sentence", "first_name": "Ana", "last_name": "Roux"}


def test_signing_up_is_closed_and_says_so_politely(visitor: Client) -> None:
    assert "Your company opens the accounts" in visitor.get("/accounts/signup/").content.decode()
    visitor.post("/accounts/signup/", SIGNUP)
    assert not User.objects.exists()
    assert "/accounts/signup/" not in visitor.get(LOGIN).content.decode()


@pytest.fixture
def open_signup(settings: Any) -> None:
    settings.OPEN_SIGNUP = True
    settings.SIGNUP_DOMAINS = ["alcyon.example"]


@pytest.mark.usefixtures("open_signup")
def test_where_it_is_open_it_takes_addresses_of_the_company(visitor: Client, letters: Letters) -> None:
    refused = visitor.post("/accounts/signup/", {**SIGNUP, "email": "me@elsewhere.example"})
    assert "@alcyon.example" in refused.content.decode()
    assert not User.objects.exists()

    visitor.post("/accounts/signup/", SIGNUP)
    user = User.objects.get()
    assert (user.email, user.first_name) == ("new@alcyon.example", "Ana")
    assert visitor.get("/account/").status_code == 302, "Not before the address is confirmed"
    assert [letter.to for letter in letters()] == [["new@alcyon.example"]]


@pytest.mark.usefixtures("open_signup")
def test_signing_up_gives_nothing_but_an_account(visitor: Client) -> None:
    entity = {"entity": "1", "is_staff": "on", "is_superuser": "on", "groups": "1", "is_active": "on", "session_epoch": "9"}
    visitor.post("/accounts/signup/", {**SIGNUP, **entity, "user_permissions": "1", "roles": "administrator"})
    user = User.objects.get()
    assert not user.is_staff
    assert not user.is_superuser
    assert not user.groups.exists()
    assert not user.user_permissions.exists()
    assert (user.entity, user.session_epoch) == (None, 0)


@pytest.mark.usefixtures("open_signup")
def test_signing_up_with_a_known_address_looks_the_same(person: User, visitor: Client, letters: Letters) -> None:
    known = visitor.post("/accounts/signup/", {**SIGNUP, "email": person.email.upper()})
    new = Client(headers={"accept-language": "en"}).post("/accounts/signup/", SIGNUP)
    assert (known.status_code, known.headers["Location"]) == (new.status_code, new.headers["Location"])
    subjects = {letter.to[0]: letter.subject for letter in letters()}
    assert "already have an account" in subjects[person.email]
    assert User.objects.count() == 2


@pytest.mark.usefixtures("open_signup")
@pytest.mark.parametrize("password", ["short", "123456789012", "new@alcyon.example"])
def test_a_weak_password_is_refused(visitor: Client, password: str) -> None:
    visitor.post("/accounts/signup/", {**SIGNUP, "password1": password})
    assert not User.objects.exists()


def test_open_signup_without_domains_stops_the_start(monkeypatch: pytest.MonkeyPatch) -> None:
    import importlib

    from almia.settings import sign_in

    monkeypatch.setenv("ALMIA_OPEN_SIGNUP", "1")
    with pytest.raises(ImproperlyConfigured, match="ALMIA_SIGNUP_DOMAINS"):
        importlib.reload(sign_in)
    monkeypatch.delenv("ALMIA_OPEN_SIGNUP")
    importlib.reload(sign_in)
    assert django_settings.OPEN_SIGNUP is False


# The one address -------------------------------------------------------------------------------------------------------
def test_nobody_gives_themselves_another_address(person: User, sign_in: SignIn) -> None:
    client = sign_in(person)
    client.post("/accounts/email/", {"action_add": "1", "email": "mine@elsewhere.example"})
    client.post("/accounts/email/", {"action_remove": "1", "email": person.email})
    assert list(EmailAddress.objects.values_list("email", flat=True)) == [person.email]


def test_what_waits_for_a_proof_of_who_one_is_was_not_taken_before_it(person: User, sign_in: SignIn) -> None:
    client = sign_in(person)
    session = client.session
    session["account_authentication_methods"] = []
    session.save()
    form = {"name": "My spreadsheet", "scopes": ["chat"], "sent": "abcdef123456"}
    asked = client.post("/account/tokens/new/", form)
    assert "/accounts/reauthenticate/" in asked.headers["Location"]
    assert "almia-sent-abcdef123456" not in asked.cookies


def test_a_sign_in_that_failed_at_the_company_is_told_to_strangers(visitor: Client) -> None:
    page = visitor.get("/accounts/3rdparty/login/error/")
    assert page.status_code == 401
    assert "/accounts/login/" in page.content.decode()
