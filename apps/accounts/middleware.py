from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import resolve_url
from django.utils import translation

OPEN_PREFIXES = (
    "/accounts/",
    "/account/language/",
    "/account/theme/",
    "/account/demo/",
    "/static/",
    "/healthz",
    "/readyz",
    "/api/",
    "/favicon",
    "/robots.txt",
    "/ws/",
)


class PreferencesMiddleware:
    """Speaks the person's language: their choice when signed in, else what LocaleMiddleware found."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        chosen = getattr(request.user, "language", "")
        if chosen and chosen != translation.get_language():
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
        return self.get_response(request)


class PersonalPagesMiddleware:
    """What was drawn for a person is kept by nobody else: no cache on the way, and not by the browser, which would show it again
    to whoever presses “Back” after they have signed out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.user.is_authenticated:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class SignInRequiredMiddleware:
    """Everything asks for sign-in except the doors listed here: a new page is closed unless somebody opens it on purpose."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated or request.path.startswith(OPEN_PREFIXES):
            return self.get_response(request)
        if request.headers.get("HX-Request"):
            # htmx follows a redirect inside the fragment; this makes the whole page go to sign-in instead.
            return HttpResponse(status=401, headers={"HX-Redirect": resolve_url(settings.LOGIN_URL)})
        return redirect_to_login(request.get_full_path())
