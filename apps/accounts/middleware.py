from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.conf import settings
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.middleware import LoginRequiredMiddleware
from django.contrib.auth.views import redirect_to_login
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.utils import translation
from django_htmx.http import HttpResponseClientRedirect

from apps.core.htmx import HtmxRequest

from . import way_back
from .requests import visitor

FORM_TYPES = {"application/x-www-form-urlencoded", "multipart/form-data"}
SENT = re.compile(r"[0-9a-z]{8,32}")
SENT_COOKIE = "almia-sent-"
SENT_SECONDS = 3600  # the page that follows reads it at once; a download has no such page


class PreferencesMiddleware:
    """Sets the person's language: their choice when signed in, else what LocaleMiddleware found."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        person = visitor(request)
        chosen = person.language if person else ""
        if chosen and chosen != translation.get_language():
            translation.activate(chosen)
            request.LANGUAGE_CODE = chosen
        return self.get_response(request)


class PersonalPagesMiddleware:
    """What was rendered for a person is cached by nobody: not on the way, and not by the browser, which would show it again
    to whoever presses “Back” after they have signed out."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if visitor(request) is not None:
            response.headers.setdefault("Cache-Control", "private, no-store")
        return response


class SignInRequiredMiddleware(LoginRequiredMiddleware):
    """Every view asks for sign-in unless it is marked `login_not_required`: a new page is closed unless somebody opens it on
    purpose. After signing in, people come back to the page they were on."""

    def handle_no_permission(self, request: HtmxRequest, view_func: Callable[..., Any]) -> HttpResponseBase:  # type: ignore[override]
        back = way_back.page_behind(request)
        if not request.htmx:
            return redirect_to_login(back)
        # htmx follows a redirect inside the fragment; this makes the whole page go to sign-in instead.
        home = back == resolve_url(settings.LOGIN_REDIRECT_URL)
        return HttpResponseClientRedirect(resolve_url(settings.LOGIN_URL) if home else redirect_to_login(back).url, status=401)


class WayBackMiddleware:
    """No redirect leads to an address that only accepts a form, whoever remembered it: allauth, a choice of language, our code.
    Somebody who types such an address gets a page that says so."""

    def __init__(self, get_response: Callable[[HtmxRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HtmxRequest) -> HttpResponse:
        response = self.get_response(request)
        if isinstance(response, HttpResponseRedirect):
            response.headers["Location"] = way_back.mend(request, response.url)
        elif response.status_code == 405 and self._is_page_asked_for(request):
            page = render(request, "405.html", {"above": way_back.page_above(request.path)}, status=405)
            page.headers["Allow"] = response.headers.get("Allow", "")
            return page
        return response

    def _is_page_asked_for(self, request: HtmxRequest) -> bool:
        return request.method == "GET" and not request.htmx and not request.path.startswith("/api/")


class SentMiddleware:
    """Tells the browser that what it sent was accepted: the form's `sent` comes back as a cookie, and only then is a draft
    deleted (static/js/drafts.js). A refusal, an error and a redirect to sign-in say nothing, and the draft stays."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        if request.method == "POST" and request.content_type in FORM_TYPES and self._is_through(response):
            sent = request.POST.get("sent", "")
            if SENT.fullmatch(sent):
                response.set_cookie(
                    f"{SENT_COOKIE}{sent}", "1", max_age=SENT_SECONDS, secure=settings.SESSION_COOKIE_SECURE, samesite="Lax"
                )
        return response

    def _is_through(self, response: HttpResponse) -> bool:
        if isinstance(response, HttpResponseRedirect):
            # While the person still has to prove who they are, it is not done yet.
            return REDIRECT_FIELD_NAME not in parse_qs(urlsplit(response.url).query)
        return response.status_code < 400
