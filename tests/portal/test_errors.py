from __future__ import annotations

import re
from html.parser import HTMLParser
from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.core.files.uploadedfile import SimpleUploadedFile
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path
from django.utils.html import escape

from almia import urls as site
from tests.factories.accounts import UserFactory
from tests.pages import markup

pytestmark = [pytest.mark.django_db, pytest.mark.urls(__name__)]


def raising(error: type[Exception]) -> Any:
    def view(request: HttpRequest) -> HttpResponse:
        raise error("a reason that nobody outside needs to know")

    return view


urlpatterns = [
    path("raise/400/", raising(SuspiciousOperation)),
    path("raise/403/", raising(PermissionDenied)),
    path("raise/404/", raising(Http404)),
    path("raise/500/", raising(RuntimeError)),
    *site.urlpatterns,
]
handler400, handler403, handler404, handler500 = site.handler400, site.handler403, site.handler404, site.handler500


class Form(HTMLParser):
    """The fields of the page's form, as a browser would send them."""

    def __init__(self) -> None:
        super().__init__()
        self.fields: dict[str, str] = {}
        self._name: str | None = None
        self._in = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "form":
            self._in = given.get("class") == "cluster" and given.get("method") == "post"
        if self._in and tag == "input":
            self.fields[str(given["name"])] = str(given["value"])
        self._name = given.get("name") if self._in and tag == "textarea" else None

    def handle_endtag(self, tag: str) -> None:
        self._name = None
        self._in = self._in and tag != "form"

    def handle_data(self, data: str) -> None:
        if self._name is not None:
            self.fields[self._name] = data.removeprefix("\n").replace("\r\n", "\n")


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_each_error_has_its_page_in_the_persons_language_and_theme(client: Client, status: int) -> None:
    client.force_login(UserFactory(language="fr", theme="dark"))
    response = client.get(f"/raise/{status}/", headers={"accept-language": "en"})
    page = markup(response)
    assert response.status_code == status
    assert f'<p class="error-page__code">{status}</p>' in page
    assert '<html lang="fr" data-theme="dark"' in page
    assert "nobody outside" not in page


def test_who_has_no_language_gets_the_browsers(client: Client) -> None:
    client.force_login(UserFactory())
    assert '<html lang="en"' in markup(client.get("/raise/404/", headers={"accept-language": "en-GB"}))


def test_a_form_from_elsewhere_is_refused_in_words() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(language="en"))
    response = client.post("/staff/audit/verification/")
    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()


TYPED = "Ce que j’ai écrit : <b>tout</b>,\r\nsur deux lignes & plus"


def refused(form: dict[str, Any], headers: dict[str, str]) -> tuple[Client, Any]:
    """Send `form` from a page that was rendered before the person signed in again."""
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(language="en", first_name="Camille", last_name="Durand"))
    client.get("/account/")  # brings the current cookie
    return client, client.post("/account/theme/", {"csrfmiddlewaretoken": "x" * 64, **form}, headers=headers)


def test_an_expired_form_gives_back_what_was_written_and_is_sent_with_a_click() -> None:
    client, response = refused({"theme": "dark", "text": TYPED, "next": "/account/"}, {"origin": "http://testserver"})
    page = response.content.decode()
    assert (response.status_code, response.headers["X-Refused"]) == (403, "csrf")
    assert "signed in as Camille Durand" in page
    assert escape(TYPED.replace("\r\n", "\n")) in page
    form = Form()
    form.feed(page)
    assert form.fields.pop("csrfmiddlewaretoken") != "x" * 64
    assert form.fields == {"theme": "dark", "text": TYPED.replace("\r\n", "\n"), "next": "/account/"}
    token = re.search(r'<form class="cluster".*?csrfmiddlewaretoken" value="(\w+)"', page, re.DOTALL)
    assert token
    again = client.post(
        "/account/theme/", {**form.fields, "csrfmiddlewaretoken": token[1]}, headers={"origin": "http://testserver"}
    )
    assert again.status_code == 302


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.example"},
        {"origin": "null"},
        {"origin": "http://testserver.evil.example"},
        {"origin": "https://evil.example", "referer": "http://testserver/"},
        {"referer": "https://evil.example/http://testserver/"},
        {},
    ],
)
def test_what_another_site_sent_is_not_offered_to_be_sent(headers: dict[str, str]) -> None:
    _, response = refused({"theme": "dark", "text": TYPED}, headers)
    assert response.status_code == 403
    assert "Send again" not in response.content.decode()
    assert escape(TYPED) not in response.content.decode()


@pytest.mark.parametrize("name", ["password", "oldpassword", "password1", "api_key", "code", "credential", "client_secret"])
def test_a_secret_is_never_shown_again(name: str) -> None:
    _, response = refused({"theme": "dark", name: "the-secret-itself"}, {"origin": "http://testserver"})
    assert "the-secret-itself" not in response.content.decode()


def test_a_file_is_chosen_again() -> None:
    file = SimpleUploadedFile("people.csv", b"a;b")
    _, response = refused({"text": TYPED, "file": file}, {"origin": "http://testserver"})
    assert "Send again" not in response.content.decode()


def test_an_unknown_host_is_refused_with_a_page(client: Client) -> None:
    response = client.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "error-page" in response.content.decode()


def test_the_page_for_our_own_errors_asks_the_database_nothing(client: Client, django_assert_num_queries: Any) -> None:
    client.force_login(UserFactory())
    with django_assert_num_queries(2):  # session and person, before the view failed
        client.get("/raise/500/")


def test_a_fragment_that_fails_says_only_its_status(client: Client) -> None:
    client.force_login(UserFactory())
    assert client.get("/raise/404/", headers={"HX-Request": "true"}).status_code == 404


def test_robots_are_asked_to_stay_away_without_sign_in(client: Client) -> None:
    response = client.get("/robots.txt")
    assert (response.status_code, response["Content-Type"]) == (200, "text/plain")
    assert "Disallow: /" in response.content.decode()
