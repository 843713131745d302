from __future__ import annotations

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.accounts.services import set_language
from tests.pages import markup

from .conftest import SignIn

pytestmark = pytest.mark.django_db

LOGIN = "/accounts/login/"


def test_a_visitor_keeps_language_and_appearance_in_the_browser(visitor: Client) -> None:
    assert 'data-theme="auto"' in visitor.get(LOGIN).content.decode()
    back = visitor.post("/account/language/", {"language": "fr", "next": LOGIN})
    assert back.headers["Location"] == LOGIN
    visitor.post("/account/theme/", {"theme": "dark"})
    page = markup(visitor.get(LOGIN))
    assert '<html lang="fr" data-theme="dark"' in page
    assert visitor.cookies["almia_theme"]["httponly"]
    visitor.post("/account/language/", {"language": "browser"})
    assert '<html lang="en"' in markup(visitor.get(LOGIN))


def test_a_persons_choice_goes_with_them(person: User, sign_in: SignIn) -> None:
    first = sign_in(person)
    first.post("/account/language/", {"language": "fr"})
    first.post("/account/theme/", {"theme": "dark"})
    second = sign_in(person)
    assert '<html lang="fr" data-theme="dark" data-theme-kept' in markup(second.get("/account/"))
    second.post("/account/language/", {"language": "browser"})
    assert '<html lang="en"' in markup(second.get("/account/"))
    person.refresh_from_db()
    assert (person.language, person.theme) == ("", "dark")


def test_a_script_gets_an_empty_answer(person: User, sign_in: SignIn) -> None:
    response = sign_in(person).post("/account/theme/", {"theme": "light"}, headers={"x-requested-with": "fetch"})
    assert (response.status_code, response.content) == (204, b"")


@pytest.mark.parametrize(("path", "data"), [("language", {"language": "xx"}), ("theme", {"theme": "pink"}), ("theme", {})])
def test_nonsense_is_refused(visitor: Client, path: str, data: dict[str, str]) -> None:
    assert visitor.post(f"/account/{path}/", data).status_code == 400
    assert not visitor.cookies


@pytest.mark.parametrize("path", ["/account/language/", "/account/theme/", "/account/demo/"])
def test_looking_changes_nothing(visitor: Client, path: str) -> None:
    assert visitor.get(path).status_code == 405


@pytest.mark.parametrize(
    "target", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "http://testserver.evil.example/"]
)
def test_leads_back_to_our_own_pages_only(visitor: Client, target: str) -> None:
    response = visitor.post("/account/language/", {"language": "fr", "next": target}, headers={"referer": target})
    assert response.headers["Location"] == LOGIN


def test_forged_posts_are_refused(person: User) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(person)
    assert client.post("/account/theme/", {"theme": "dark"}).status_code == 403
    assert client.post("/account/language/", {"language": "en"}).status_code == 403


def test_the_service_knows_our_languages_only(person: User) -> None:
    with pytest.raises(ValueError, match="language"):
        set_language(user=person, language="de")
