from __future__ import annotations

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, resolve_url
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from apps.accounts import services
from apps.accounts.enums import Theme
from apps.accounts.preferences import COOKIE_SECONDS, THEME_COOKIE
from apps.accounts.requests import visitor

BROWSER = "browser"


@require_POST
@login_not_required
def language(request: HttpRequest) -> HttpResponse:
    """Use another language from now on: stored with the person, or in this browser for somebody who is not signed in."""
    chosen = request.POST.get("language", "")
    if chosen not in {*dict(settings.LANGUAGES), BROWSER}:
        return HttpResponseBadRequest()
    response = _back(request)
    if chosen == BROWSER:
        response.delete_cookie(settings.LANGUAGE_COOKIE_NAME)
    else:
        _keep(response, settings.LANGUAGE_COOKIE_NAME, chosen)
    if person := visitor(request):
        services.set_language(user=person, language="" if chosen == BROWSER else chosen)
    return response


@require_POST
@login_not_required
def theme(request: HttpRequest) -> HttpResponse:
    """Look light, dark or like the device from now on. A script that has already shown it gets an empty answer."""
    chosen = request.POST.get("theme", "")
    if chosen not in Theme.values:
        return HttpResponseBadRequest()
    response = HttpResponse(status=204) if request.headers.get("X-Requested-With") == "fetch" else _back(request)
    _keep(response, THEME_COOKIE, chosen)
    if person := visitor(request):
        services.set_theme(user=person, theme=Theme(chosen))
    return response


def _keep(response: HttpResponse, name: str, value: str) -> None:
    response.set_cookie(name, value, max_age=COOKIE_SECONDS, secure=settings.SESSION_COOKIE_SECURE, httponly=True, samesite="Lax")


def _back(request: HttpRequest) -> HttpResponse:
    """To the page where the choice was made: only ever one of ours."""
    for address in (request.POST.get("next"), request.headers.get("Referer")):
        if address and url_has_allowed_host_and_scheme(address, {request.get_host()}, require_https=request.is_secure()):
            return redirect(address)
    return redirect(resolve_url(settings.LOGIN_REDIRECT_URL if visitor(request) else settings.LOGIN_URL))
