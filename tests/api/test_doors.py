"""Every address of the API is closed to people who are not signed in, and named here: a new one cannot be forgotten."""

from __future__ import annotations

import uuid
from importlib import import_module

import pytest
from django.test import Client
from django.urls import URLPattern, reverse
from rest_framework.permissions import IsAuthenticated

from apps.access import capabilities
from apps.access.api.permissions import HasCapability
from apps.accounts.api.authentication import SessionAuthentication, TokenAuthentication
from apps.accounts.api.permissions import HasScopes
from apps.accounts.scopes import all_scopes
from apps.api.urls import urlpatterns
from apps.core import api
from apps.core.api.views import ApiView
from tests.factories.accounts import UserFactory

ID = uuid.uuid4()
# name: arguments, what the person needs (a capability; None: nothing but being signed in), and the scope of the token
DOORS: dict[str, tuple[list[object], str | None, str]] = {
    "me": ([], None, "read"),
    "capabilities": ([], None, "read"),
    "capability": (["chat.use"], None, "read"),
    "courses": ([], None, "read"),
    "course": (["first"], None, "read"),
    "progress": ([], None, "read"),
    "conversations": ([], "chat.use", "chat"),
    "conversation": ([ID], "chat.use", "chat"),
    "messages": ([ID], "chat.use", "chat"),
}
OTHERS = {"schema", "docs", "nothing"}


@pytest.mark.parametrize("module", api.modules())
def test_whatever_an_app_declares_asks_who_calls_and_for_a_scope_that_can_be_given(module: str) -> None:
    known = {scope.code for scope in all_scopes()}
    for pattern in import_module(module).urlpatterns:
        view = pattern.callback.cls
        assert issubclass(view, ApiView), pattern.name
        assert view.authentication_classes == [TokenAuthentication, SessionAuthentication]
        assert view.permission_classes == [IsAuthenticated, HasScopes, HasCapability]
        assert view.scopes, pattern.name
        assert view.scopes_for("GET") == view.scopes
        assert view.scopes_for("PATCH") == view.scopes | {"write"} <= known
        assert view.capability is None or capabilities.get(view.capability)


def test_a_module_is_declared_once() -> None:
    with pytest.raises(ValueError, match="twice"):
        api.declare(api.modules()[0])


def test_every_address_is_named_here() -> None:
    names = {pattern.name for pattern in urlpatterns if isinstance(pattern, URLPattern)}
    assert names == set(DOORS) | OTHERS


@pytest.mark.django_db
@pytest.mark.parametrize("name", DOORS)
@pytest.mark.parametrize("method", ["GET", "POST", "PUT", "PATCH", "DELETE"])
def test_every_door_is_closed_to_the_anonymous(client: Client, name: str, method: str) -> None:
    address = reverse(f"api:{name}", args=DOORS[name][0])
    response = client.generic(method, address, "{}", content_type="application/json")
    assert (response.status_code, response["Content-Type"]) == (401, "application/problem+json")


@pytest.mark.django_db
@pytest.mark.parametrize("name", [name for name, (_args, capability, _scope) in DOORS.items() if capability])
@pytest.mark.parametrize("method", ["GET", "PATCH", "DELETE"])
def test_doors_of_products_are_locked_without_the_right(client: Client, name: str, method: str) -> None:
    client.force_login(UserFactory())
    address = reverse(f"api:{name}", args=DOORS[name][0])
    assert client.generic(method, address, "{}", content_type="application/json").status_code == 403


def test_views_declare_the_capability_and_the_scope() -> None:
    for pattern in urlpatterns:
        view = getattr(getattr(pattern, "callback", None), "cls", None)
        name = getattr(pattern, "name", "")
        if name in DOORS and isinstance(view, type) and issubclass(view, ApiView):
            _args, capability, scope = DOORS[name]
            assert (view.capability, view.scopes) == (capability, frozenset({scope})), name
