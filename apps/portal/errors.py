"""Error pages: in the person's language and theme, and never the reason for a second error."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    return _page(request, 403, template="403_csrf.html")


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """The database may be what failed: nothing is asked that was not already known."""
    user: Any = getattr(request, "_cached_user", None)
    with translation.override(_language(request)):
        return HttpResponse(render_to_string("500.html", {"theme": getattr(user, "theme", "auto")}), status=500)


def _page(request: HttpRequest, status: int, template: str = "") -> HttpResponse:
    with translation.override(_language(request)):
        return HttpResponse(render_to_string(template or f"{status}.html", request=request), status=status)


def _language(request: HttpRequest) -> str:
    # An error before the language middleware leaves nothing but what the browser asks for.
    known = getattr(request, "LANGUAGE_CODE", None)
    return known or translation.get_language_from_request(request) or settings.LANGUAGE_CODE
