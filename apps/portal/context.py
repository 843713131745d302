"""What every page needs around its content."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject

from apps.accounts.requests import visitor

from .navigation import Navigation, Position, navigation_for
from .rights import rights_of


def portal(request: HttpRequest) -> dict[str, Any]:
    """Return `navigation`, `staff_navigation`, `bar` and `theme`.

    The navigation is computed when a template first asks for it, once: a fragment that does not show it makes no queries.
    """
    user = visitor(request)
    if user is None:
        return {"navigation": (), "staff_navigation": (), "bar": None, "theme": "auto"}
    found: list[Navigation] = []

    def around() -> Navigation:
        if not found:
            found.append(navigation_for(user, Position(request.path, request.resolver_match), rights_of(request, user)))
        return found[0]

    return {
        "navigation": SimpleLazyObject(lambda: around().sections),
        "staff_navigation": SimpleLazyObject(lambda: around().staff),
        "bar": SimpleLazyObject(lambda: around().bar),
        "theme": user.theme,
    }
