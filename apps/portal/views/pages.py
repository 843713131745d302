"""Home, the parts of the frame that change by themselves, and the command palette."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.contrib.auth.decorators import login_not_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import Resolver404, resolve
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_safe

from apps.access.home import card_styles
from apps.accounts.requests import SignedInRequest
from apps.core import search
from apps.core.htmx import render_either
from apps.portal.navigation import Position, navigation_for
from apps.portal.queries import home_for
from apps.portal.rights import rights_of

MAX_SEARCH = 200


@require_safe
def home(request: SignedInRequest) -> HttpResponse:
    """The home page; for htmx only its content, which the page requests again when the person's rights change."""
    page = home_for(request.user, rights_of(request, request.user))
    context = {"home": page, "card_styles": card_styles(), "fragment": bool(request.htmx)}
    return render_either(request, "portal/home.html", "portal/_home.html", context)


@require_safe
def navigation(request: SignedInRequest) -> HttpResponse:
    """The navigation of the page that asks (`HX-Current-URL`), rendered again."""
    path = ""
    try:
        path = urlsplit(request.htmx.current_url or "/").path
        position = Position(path, resolve(path))
    except (ValueError, Resolver404):  # something that has no page here, or not an address at all
        position = Position(path, None)
    around = navigation_for(request.user, position)
    context = {"navigation": around.sections, "staff_navigation": around.staff, "bar": around.bar}
    return render(request, "portal/_navigation.html", context)


@require_safe
def palette(request: SignedInRequest) -> HttpResponse:
    """What the command palette found for `q`; with an empty `q`, places to go to."""
    text = request.GET.get("q", "")[:MAX_SEARCH].strip()
    groups = search.find(request.user, text)
    return render(request, "portal/_palette.html", {"groups": groups, "found": any(group.hits for group in groups), "text": text})


@require_safe
@login_not_required
def robots(request: HttpRequest) -> HttpResponse:
    """Nothing here is for search engines."""
    return HttpResponse("User-agent: *\nDisallow: /\n", content_type="text/plain")


@csrf_exempt  # it says the same to everybody, and does nothing
@login_not_required
def socket(request: HttpRequest) -> HttpResponse:
    """The live socket's address, for plain HTTP requests: from a mistaken program, or a proxy that drops the upgrade."""
    sentence = "Only WebSocket is spoken here: the request came without its upgrade.\n"
    return HttpResponse(
        sentence, status=426, content_type="text/plain", headers={"Upgrade": "websocket", "Connection": "Upgrade"}
    )
