"""Language and appearance for whoever is looking: a signed-in person's choice, else the cookie of this browser."""

from __future__ import annotations

from django.http import HttpRequest

from .enums import Theme
from .requests import visitor

THEME_COOKIE = "almia_theme"
COOKIE_SECONDS = 365 * 24 * 3600


def theme_of(request: HttpRequest) -> str:
    """Return the appearance to render the page in."""
    if person := visitor(request):
        return str(person.theme)
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    return chosen if chosen in Theme.values else Theme.AUTO.value
