"""Who asks, as views see it."""

from __future__ import annotations

from django.http import HttpRequest

from apps.core.htmx import HtmxRequest

from .models import User


class SignedInRequest(HtmxRequest):
    """A request that the sign-in middleware let through. Every view takes this one, except those marked `login_not_required`."""

    user: User


def visitor(request: HttpRequest) -> User | None:
    """Return who is signed in, or None, where both are possible: pages open to everybody, error pages, middleware.

    If an error occurred before the session was read, there is nobody.
    """
    user = getattr(request, "user", None)
    return user if isinstance(user, User) and user.is_authenticated else None
