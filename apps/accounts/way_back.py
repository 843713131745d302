"""Where somebody is led back to: always a page that can be shown, never an address that only accepts a form.

One owner for everything that remembers a place: signing in, the locked page, the redirects of allauth.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.shortcuts import resolve_url
from django.urls import Resolver404, get_script_prefix, resolve
from django.utils.http import url_has_allowed_host_and_scheme

from apps.core.htmx import HtmxRequest

from .requests import visitor

READING = {"GET", "HEAD"}


@lru_cache(maxsize=512)
def takes_get(view: Callable[..., Any]) -> bool:
    """Whether `view` answers a GET, as its class or the decorators around it say."""
    made_of = getattr(view, "view_class", None) or getattr(view, "cls", None)
    if made_of is not None and not hasattr(made_of, "get"):
        return False
    around: Any = view
    while around is not None:
        # Django's `require_…` keep what they allow in their closure and nowhere else; a test over all routes checks this.
        allowed = inspect.getclosurevars(around).nonlocals.get("request_method_list") if inspect.isfunction(around) else None
        if allowed is not None and "GET" not in allowed:
            return False
        around = getattr(around, "__wrapped__", None)
    return True


def can_be_shown(path: str) -> bool:
    """Whether a page answers at `path`. A missing page counts: it says so."""
    view = _view_at(path)
    return view is None or takes_get(view)


def page_above(path: str) -> str:
    """Return the nearest address above `path` at which a page answers; home is above everything."""
    parts = path.strip("/").split("/")
    for length in range(len(parts) - 1, 0, -1):
        above = f"/{'/'.join(parts[:length])}/"
        if _is_page(above):
            return above
    return get_script_prefix()


def page_behind(request: HtmxRequest) -> str:
    """Return the page that `request` was made from, or is for: where the person continues after an interruption.

    A request for a page is for that page itself. A form or a fragment belongs to the page that the browser names; if it names
    none of ours, it is the nearest page above.
    """
    if request.method in READING and not request.htmx:
        return _shown(request.get_full_path())
    for address in _named_by(request):
        if url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
            parts = urlsplit(address)
            path = parts.path or "/"
            if not path.startswith(_doors()) and _is_page(path):
                return f"{path}?{parts.query}" if parts.query else path
    return request.get_full_path() if not request.htmx and _is_page(request.path) else page_above(request.path)


def mend(request: HtmxRequest, location: str) -> str:
    """Return `location`, the target of a redirect, so that it can be followed: an address that only accepts a form is replaced by
    its page, in the place to come back to as well."""
    if not url_has_allowed_host_and_scheme(location, {request.get_host()}, require_https=request.is_secure()):
        return location
    parts = urlsplit(location)
    if request.method not in READING and parts.path == resolve_url(settings.LOGIN_URL) and visitor(request) is None:
        query = parse_qs(parts.query)
        if REDIRECT_FIELD_NAME in query:
            query[REDIRECT_FIELD_NAME] = [page_behind(request)]
            return f"{parts.path}?{urlencode(query, doseq=True, safe='/')}"
    return location if can_be_shown(parts.path) else page_above(parts.path)


def _named_by(request: HtmxRequest) -> Iterator[str]:
    if request.htmx:
        yield request.htmx.current_url or ""
    yield request.headers.get("Referer", "")


def _doors() -> tuple[str, ...]:
    """Pages on the way in and out: nobody comes back to them."""
    return resolve_url("account_login"), resolve_url("account_logout")


def _shown(address: str) -> str:
    path = urlsplit(address).path
    return address if can_be_shown(path) else page_above(path)


def _is_page(path: str) -> bool:
    view = _view_at(path)
    return view is not None and takes_get(view)


def _view_at(path: str) -> Callable[..., Any] | None:
    prefix = get_script_prefix().rstrip("/")
    try:
        return resolve(path.removeprefix(prefix)).func
    except (Resolver404, ValueError):
        return None
