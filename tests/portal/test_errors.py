from __future__ import annotations

from typing import Any

import pytest
from django.core.exceptions import PermissionDenied, SuspiciousOperation
from django.http import Http404, HttpRequest, HttpResponse
from django.test import Client
from django.urls import path

from almia import urls as site
from tests.factories.accounts import UserFactory

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


@pytest.fixture
def client() -> Client:
    return Client(raise_request_exception=False)


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_each_error_has_its_page_in_the_persons_language_and_theme(client: Client, status: int) -> None:
    client.force_login(UserFactory(language="fr", theme="dark"))
    response = client.get(f"/raise/{status}/", headers={"accept-language": "en"})
    page = response.content.decode()
    assert response.status_code == status
    assert f'<p class="error-page__code">{status}</p>' in page
    assert '<html lang="fr" data-theme="dark"' in page
    assert "nobody outside" not in page


def test_who_has_no_language_gets_the_browsers(client: Client) -> None:
    client.force_login(UserFactory())
    assert '<html lang="en"' in client.get("/raise/404/", headers={"accept-language": "en-GB"}).content.decode()


def test_a_form_from_elsewhere_is_refused_in_words() -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(UserFactory(language="en"))
    response = client.post("/staff/audit/verification/")
    assert response.status_code == 403
    assert "This form has expired" in response.content.decode()


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
