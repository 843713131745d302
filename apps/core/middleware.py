"""What applies to every request and every response, whatever the page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.http.request import UnreadablePostError

from .text import well_formed

# What our pages may use of the browser. Everything else is refused, also to whatever a page might be made to load.
UNUSED = (
    "accelerometer",
    "autoplay",
    "camera",
    "clipboard-read",
    "display-capture",
    "encrypted-media",
    "geolocation",
    "gyroscope",
    "hid",
    "idle-detection",
    "magnetometer",
    "microphone",
    "midi",
    "payment",
    "screen-wake-lock",
    "serial",
    "usb",
    "xr-spatial-tracking",
)
USED = ("clipboard-write", "publickey-credentials-create", "publickey-credentials-get")
PERMISSIONS_POLICY = ", ".join([*(f"{name}=()" for name in UNUSED), *(f"{name}=(self)" for name in USED)])


class BrowserPolicyMiddleware:
    """Adds the headers that Django has no setting for to every answer, files, errors and probes included."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        response = self.get_response(request)
        response.headers.setdefault("Permissions-Policy", PERMISSIONS_POLICY)
        response.headers.setdefault("Cross-Origin-Resource-Policy", "same-origin")
        response.headers.setdefault("X-Content-Type-Options", "nosniff")
        return response


class WellFormedTextMiddleware:
    """Applies the rule of `core.text` to the address, the cookies and the forms, before anything reads them.

    The API's bodies are JSON: its parser does it (`api.parsers`).
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if "\0" in request.path:
            # A malformed address is not repaired: as it is, it does not exist.
            request.path, request.path_info = (path.replace("\0", "\ufffd") for path in (request.path, request.path_info))
        query = request.META.get("QUERY_STRING", "").upper()
        if "%00" in query or "%0D" in query or "\0" in query:
            request.GET = _well_formed(request.GET)
        if "\\" in request.META.get("HTTP_COOKIE", ""):  # a quoted value may hold any character by its number
            request.COOKIES = {well_formed(name): well_formed(value) for name, value in request.COOKIES.items()}
        return self.get_response(request)

    def process_view(self, request: HttpRequest, view: Callable[..., HttpResponse], *_: Any) -> None:
        if request.method != "POST" or getattr(view, "csrf_exempt", False):
            return
        try:
            request.POST = _well_formed(request.POST)
        except UnreadablePostError:  # the client has left
            return


def _well_formed(fields: QueryDict) -> Any:
    mended = QueryDict(mutable=True)
    for name, values in fields.lists():
        for value in values:
            mended.appendlist(well_formed(name), well_formed(str(value)))
    mended._mutable = False
    return mended
