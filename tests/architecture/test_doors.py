"""Who gets in: addresses are closed to the anonymous, staff pages require a permission, products a capability."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from apps.core.live import registry
from tests.architecture.routes import Route, routes
from tests.architecture.source import files, name_of
from tests.factories.accounts import UserFactory

# Open to everybody. A prefix, and why.
OPEN = {
    "/accounts/": "signing in, signing out, a forgotten password: allauth decides page by page",
    "/account/language/": "the sign-in page is chosen a language, too",
    "/account/theme/": "and a theme",
    "/account/session/": "whether anybody is signed in: asked by pages whose session has ended",
    "/account/demo/": "the demo accounts of the try-out's sign-in page; not there elsewhere",
    "/ws/": "the socket's address: who asks it in plain HTTP is told that; the socket asks for a session itself",
    "/robots.txt": "says that nothing here is to be indexed",
    "/api/v1/schema/": "the API's description holds no data",
    "/api/v1/docs/": "as its description",
}
# For everybody who is signed in, whatever they have proved. A prefix, and why.
FREE = {
    "/account/": "one's own account",
    "/access/": "what is missing, and the charter to sign: how one gets entitled",
    "/learn/": "courses are how one gets entitled",
    "/navigation/": "the frame of every page; it shows what is locked",
    "/palette/": "finds places and what the person may see",
    "/api/v1/me/": "oneself",
    "/api/v1/capabilities/": "says what is missing",
    "/api/v1/courses/": "courses are how one gets entitled",
    "/api/v1/progress/": "one's own progress",
}
FREE_EXACTLY = {"/": "home shows where one stands", "/api/v1/": "there is nothing at this address"}
PRACTICE = "a course's practice bench: one tries a model, capped, before one is entitled to it"
FREE_COMMANDS = {"practice.ask": PRACTICE, "practice.stop": PRACTICE, "practice.resume": PRACTICE}

ROUTES = [route for route in routes() if "media" not in route.name]
REFUSED = {401, 403, 404, 405}


def known(route: Route, *lists: dict[str, str]) -> bool:
    return any(route.path.startswith(prefix) for prefixes in lists for prefix in prefixes)


def ids(route: Route) -> str:
    return str(route)


CLOSED = [route for route in ROUTES if not known(route, OPEN)]
STAFF = [route for route in ROUTES if route.path.startswith("/staff/")]
PRODUCTS = [route for route in CLOSED if route not in STAFF and not known(route, FREE) and route.path not in FREE_EXACTLY]


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post", "put", "delete"])
@pytest.mark.parametrize("route", CLOSED, ids=ids)
def test_closed_to_the_anonymous(client: Client, route: Route, method: str) -> None:
    response = getattr(client, method)(route.path)
    if response.status_code == 302:
        assert response["Location"].startswith("/accounts/login/")
    else:
        assert response.status_code in REFUSED


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("route", STAFF, ids=ids)
def test_staff_pages_ask_for_a_permission(client: Client, route: Route, method: str) -> None:
    # Being called staff is not a permission either.
    client.force_login(UserFactory.create(is_staff=True))
    assert getattr(client, method)(route.path).status_code in REFUSED


@pytest.mark.django_db
@pytest.mark.parametrize("method", ["get", "post"])
@pytest.mark.parametrize("route", PRODUCTS, ids=ids)
def test_products_ask_for_a_capability(client: Client, route: Route, method: str) -> None:
    client.force_login(UserFactory.create())
    response = getattr(client, method)(route.path)
    assert response.status_code in {403, 405}, "404 would mean that somebody without the right got as far as looking."


def test_open_views_are_marked_and_known() -> None:
    """A view itself says that it is open (`login_not_required`); the list above says why."""
    marked = {str(route) for route in ROUTES if not getattr(route.view, "login_required", True)}
    assert marked
    assert not marked & {str(route) for route in CLOSED if not route.path.startswith("/api/")}, "Opened, and nobody says why."
    # The API checks itself, and answers 401.
    api = {str(route) for route in ROUTES if route.path.startswith("/api/") and not hasattr(route.view, "cls")}
    assert not marked & api


# Pages of allauth that people see before they are signed in. It marks its views itself, or so we trust.
WAYS_IN = [
    *("account_login", "account_logout", "account_inactive", "account_signup", "account_reset_password"),
    *("account_reset_password_done", "account_reset_password_from_key", "account_reset_password_from_key_done"),
    *("account_confirm_email", "account_email_verification_sent", "account_confirm_login_code"),
    *("mfa_authenticate", "mfa_login_webauthn", "socialaccount_signup"),
    *("socialaccount_login_cancelled", "socialaccount_login_error", "openid_connect_login", "openid_connect_callback"),
]


def test_nobody_has_to_be_signed_in_to_sign_in() -> None:
    views = {route.name: route.view for route in ROUTES}
    assert [name for name in WAYS_IN if getattr(views[name], "login_required", True)] == []


def test_the_lists_hold_nothing_that_is_gone() -> None:
    for prefixes in (OPEN, FREE):
        for prefix in prefixes:
            assert any(route.path.startswith(prefix) for route in ROUTES), f"Nothing is left under {prefix}."
    assert set(FREE_COMMANDS) <= {command.name for command in registry.all_commands()}


def test_socket_commands_ask_for_a_capability() -> None:
    commands = registry.all_commands()
    assert commands
    without = {command.name for command in commands if command.capability is None}
    assert without == set(FREE_COMMANDS)


def test_there_are_doors_to_try() -> None:
    assert len(CLOSED) > 40
    assert len(STAFF) > 10
    assert PRODUCTS


def test_one_place_says_what_an_address_is() -> None:
    """Another rule besides `normal_email` and `check_email` would let in a second person who looks like the first."""
    other = re.compile(r"\bvalidate_email\b|\bnormalize_email\b|\bforms\.EmailField\(|email\w*(\.strip\(\))?\.(lower|casefold)\(")
    found = [
        f"{name_of(path)}: {hit[0]}"
        for path in files(".py")
        if name_of(path).startswith(("apps/", "almia/")) and name_of(path) != "apps/accounts/addresses.py"
        for hit in other.finditer(path.read_text())
    ]
    assert not found
