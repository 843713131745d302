"""Error pages: in the person's language and theme, and never the reason for a second error."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.utils import translation

from apps.accounts.requests import visitor

SECRET = re.compile(r"password|secret|credential|code|token|(?:^|_)key$|otp", re.IGNORECASE)
SHORT = 20  # characters: anything up to this is a choice rather than something written


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 413 if isinstance(exception, RequestDataTooBig) else 400)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 403)


def csrf_failed(request: HttpRequest, reason: str = "") -> HttpResponse:
    """A form's token is not, or is no longer, this browser's. Scripts renew it and send again (static/js/session.js); without
    scripts the page shows what was written, to be sent with a click. Only what came from one of our pages, and no secret."""
    fields = _to_send_again(request)
    context = {
        "fields": fields,
        "written": [value for _name, value in fields if len(value) > SHORT],
        "path": request.get_full_path(),
    }
    response = _page(request, 403, template="403_csrf.html", context=context)
    response.headers["X-Refused"] = "csrf"
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _to_send_again(request: HttpRequest) -> list[tuple[str, str]]:
    if request.method != "POST" or visitor(request) is None or not _is_from_us(request) or request.FILES:
        return []
    fields = [(name, value) for name, values in request.POST.lists() for value in values if name != "csrfmiddlewaretoken"]
    # Half a form without its secret is of no use: it is filled in again.
    return [] if any(SECRET.search(name) for name, _value in fields) else fields


def _is_from_us(request: HttpRequest) -> bool:
    origin = request.headers.get("Origin")
    if origin is None:
        origin = "{0.scheme}://{0.netloc}".format(urlsplit(request.headers.get("Referer", "")))
    return origin in {f"{request.scheme}://{request.get_host()}", *settings.CSRF_TRUSTED_ORIGINS}


def page_not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return _page(request, 404)


def server_error(request: HttpRequest) -> HttpResponse:
    """The database may be what failed: nothing is read that is not already known."""
    user = getattr(request, "_cached_user", None)
    with translation.override(_language(request)):
        return HttpResponse(render_to_string("500.html", {"theme": getattr(user, "theme", "auto")}), status=500)


def _page(request: HttpRequest, status: int, template: str = "", context: dict[str, Any] | None = None) -> HttpResponse:
    with translation.override(_language(request)):
        return HttpResponse(render_to_string(template or f"{status}.html", context, request=request), status=status)


def _language(request: HttpRequest) -> str:
    # An error before the language middleware leaves only what the browser asks for.
    known = getattr(request, "LANGUAGE_CODE", None)
    return known or translation.get_language_from_request(request) or settings.LANGUAGE_CODE
