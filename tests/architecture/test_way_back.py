"""Wherever somebody is sent to sign in, they come back to a page: checked for every address."""

from __future__ import annotations

from urllib.parse import parse_qs, urlsplit

import pytest
from django.test import Client

from apps.accounts.way_back import can_be_shown, page_above, takes_get
from tests.architecture.routes import Route, routes
from tests.factories.accounts import UserFactory

ROUTES = [route for route in routes() if "media" not in route.name]
# Not a page of ours: nobody is sent from there to sign in, or it is not a page somebody is on.
PROGRAMS = ("/api/",)
PAGES = [route for route in ROUTES if not route.path.startswith(PROGRAMS)]
HTMX = {"HX-Request": "true"}


def ids(route: Route) -> str:
    return str(route)


def place_to_come_back_to(address: str) -> str | None:
    query = parse_qs(urlsplit(address).query)
    return query["next"][0] if "next" in query else None


# What the browser says it was on: nothing; the address itself (a refused form is a page, too); another page.
NAMED = ["", "http://testserver{path}", "http://testserver/chat/?model=x"]
ASKED = [("get", False, NAMED[0])] + [
    (method, fragment, named) for method, fragment in (("post", False), ("post", True), ("get", True)) for named in NAMED
]


@pytest.mark.django_db
@pytest.mark.parametrize("route", PAGES, ids=ids)
def test_sign_in_leads_back_to_a_page(client: Client, route: Route) -> None:
    places = set()
    for method, fragment, named in ASKED:
        was_on = named.format(path=route.path)
        headers = (HTMX if fragment else {}) | ({"HX-Current-URL" if fragment else "Referer": was_on} if was_on else {})
        response = getattr(client, method)(route.path, headers=headers)
        location = response.headers.get("HX-Redirect") or response.headers.get("Location", "")
        if not location.startswith("/accounts/login/"):
            continue  # open to everybody, or not there at all
        named_back = place_to_come_back_to(location)
        back = named_back or "/"
        places.add(back)
        # Under /accounts/ there are pages and allauth's own steps of signing in; those lead nowhere in particular.
        if named == NAMED[-1] and (not route.path.startswith("/accounts/") or (method == "post" and named_back)):
            assert back == "/chat/?model=x"
    client.force_login(UserFactory.create())
    assert [place for place in places if client.get(place).status_code == 405] == []


@pytest.mark.django_db
@pytest.mark.parametrize("route", PAGES, ids=ids)
def test_what_takes_a_get_is_known_without_asking(client: Client, route: Route) -> None:
    """Decided from the decorators; here the view itself is asked."""
    client.force_login(UserFactory.create())
    if not takes_get(route.view):
        assert client.get(route.path).status_code in {401, 403, 405}
        assert client.get(page_above(route.path)).status_code != 405
    else:
        assert client.get(route.path).status_code != 405


def test_there_are_addresses_that_only_take_a_form() -> None:
    closed = {route.path for route in ROUTES if not takes_get(route.view)}
    assert len(closed) > 20
    assert "/chat/start/" in closed
    assert not can_be_shown("/chat/start/")
