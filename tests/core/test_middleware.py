"""Headers of every response, and text of every request."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest, HttpResponse
from django.test import Client, RequestFactory

from apps.core.middleware import UNUSED, USED, WellFormedTextMiddleware
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("/", 200),
        ("/nothing/", 404),
        ("/accounts/logout", 301),
        ("/api/v1/me/", 200),
        ("/api/v1/nothing/", 404),
        ("/healthz", 200),
        ("/static/probe.js", 200),
        ("/static/nothing.js", 404),
        ("/ws/", 426),
    ],
)
def test_every_answer_says_what_a_page_may_do(client: Client, settings: Any, tmp_path: Path, path: str, status: int) -> None:
    settings.STATIC_ROOT = tmp_path
    (tmp_path / "probe.js").touch()
    client.force_login(UserFactory())
    response = client.get(path)
    assert response.status_code == status
    policy = dict(part.split("=") for part in response["Permissions-Policy"].split(", "))
    assert policy["camera"] == policy["microphone"] == policy["geolocation"] == policy["payment"] == policy["usb"] == "()"
    # Passkeys, and the buttons that copy.
    for used in ("publickey-credentials-get", "publickey-credentials-create", "clipboard-write"):
        assert policy[used] == "(self)"
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Cross-Origin-Resource-Policy"] == "same-origin"
    if path != "/healthz":  # answered before everything else
        assert response["Referrer-Policy"] == "same-origin"
        assert response["Cross-Origin-Opener-Policy"] == "same-origin"


def test_an_unknown_host_is_told_as_well(client: Client) -> None:
    response = client.get("/", headers={"host": "evil.example"})
    assert response.status_code == 400
    assert "camera=()" in response["Permissions-Policy"]


def test_the_lists_name_each_feature_once() -> None:
    assert len({*UNUSED, *USED}) == len(UNUSED) + len(USED)


def received(request: HttpRequest, *, exempt: bool = False) -> HttpRequest:
    """Pass `request` through the middleware to a view."""

    def view(request: HttpRequest) -> HttpResponse:
        return HttpResponse()

    view.csrf_exempt = exempt  # type: ignore[attr-defined]

    def handler(request: HttpRequest) -> HttpResponse:
        middleware.process_view(request, view, (), {})
        return view(request)

    middleware = WellFormedTextMiddleware(handler)
    middleware(request)
    return request


def multipart(charset: str, value: str) -> dict[str, Any]:
    part = f'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n{value}\r\n--x--\r\n'
    return {"data": part, "content_type": f"multipart/form-data; boundary=x; charset={charset}"}


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ({"data": "a=1%0D%0A2%00&%00a=3", "content_type": "application/x-www-form-urlencoded"}, ["1\n2", "3"]),
        (multipart("utf-8", "N\0UL\r\nend"), ["NUL\nend"]),
        (multipart("unicode_escape", "half \\ud83d"), ["half \ufffd"]),
        (multipart("utf-7", "half +2D0-"), ["half \ufffd"]),
    ],
)
def test_a_form(sent: dict[str, Any], kept: list[str]) -> None:
    request = received(RequestFactory().generic("POST", "/", **sent))
    assert request.POST.getlist("a") == kept
    with pytest.raises(AttributeError):
        request.POST["a"] = "changed"  # type: ignore[misc]


def test_an_address_a_query_and_cookies() -> None:
    request = RequestFactory().get("/a%00b/?q=1%002%0D%0A3&r=%ED%A0%80", headers={"cookie": 'sessionid="\\000abc"; b=c'})
    received(request)
    assert (request.path, request.path_info) == ("/a\ufffdb/", "/a\ufffdb/")
    assert request.GET["q"] == "12\n3"
    assert request.COOKIES == {"sessionid": "abc", "b": "c"}


def test_what_is_the_apis_is_left_to_it() -> None:
    """Its body is JSON, and is read by its own parser."""
    request = RequestFactory().post("/", '{"a": 1}', content_type="application/json")
    assert received(request, exempt=True).body == b'{"a": 1}'
