"""Requests that no browser sends: the right status, a short response, one line in the log and never a traceback."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.core.exceptions import DisallowedHost

from almia.logs import Line
from apps.core.middleware import PERMISSIONS_POLICY
from tests import raw
from tests.live import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)

FORM = "Content-Type: application/x-www-form-urlencoded\r\n"
LOGIN = "POST /accounts/login/"


def many(name: str, count: int) -> str:
    return "&".join([f"{name}=1"] * count)


@pytest.mark.parametrize(
    ("request_line", "headers", "body", "status"),
    [
        # Hosts
        ("GET /", "Host: evil.example\r\n", "", 400),
        ("GET /accounts/login/", "Host: a b<script>\r\n", "", 400),
        ("GET /", "Host: testserver\r\nHost: evil.example\r\n", "", 400),
        ("GET /", "Host: testserver:99999:1\r\n", "", 400),
        ("GET /static/js/chat.js", "Host: evil.example\r\n", "", 400),
        ("GET /api/v1/me/", "Host: evil.example\r\n", "", 400),
        ("GET /nothing/here", "Host: evil.example\r\n", "", 400),
        (LOGIN, "Host: evil.example\r\n" + FORM, "login=x", 400),
        ("GET /healthz", "Host: whoever probes\r\n", "", 200),
        # Addresses
        ("GET /%zz%80", "", "", 404),
        ("GET /api/v1/capabilities/%00/", "", "", 401),
        ("GET /accounts/%00", "", "", 404),
        ("GET /accounts/login/?next=%00", "", "", 200),
        ("GET /accounts/login/?next=%ED%A0%80%ff", "", "", 200),
        ("GET /accounts/login/?next=http://[", "", "", 200),
        ("GET /accounts/password/reset/?next=//[", "", "", 200),
        ("POST /account/theme/", "Referer: http://[\r\n" + FORM, "theme=dark&next=//[", 403),
        ("GET /navigation/", "HX-Current-URL: http://[\r\n", "", 302),
        ("GET /accounts/login/?b=%00&" + many("a", 1500), "", "", 400),
        ("GET /accounts/login/?" + many("a", 1500), "", "", 400),
        ("GET /\xe9", "", "", 400),
        ("OPTIONS *", "", "", 404),
        # Bodies
        (LOGIN, "Transfer-Encoding: chunked\r\n" + FORM, "zz\r\nabc\r\n", 400),
        (LOGIN, "Content-Type: multipart/form-data\r\n", "abc", 400),
        (LOGIN, "Content-Type: multipart/form-data; boundary=\xff\r\n", "abc", 400),
        (LOGIN, "Content-Type: multipart/form-data; boundary=x\r\n", "--x\r\nContent-Disposition: form-data; name=", 403),
        (LOGIN, "Content-Type: application/x-www-form-urlencoded; charset=utf-16\r\n", "a=b", 400),
        (LOGIN, "Content-Type: application/x-www-form-urlencoded; charset=none\r\n", "a=b", 403),
        (LOGIN, FORM, many("a", 1500), 400),
        (LOGIN, FORM, "a=" + "x" * 2_200_000, 413),
        (LOGIN, "Content-Length: -5\r\n" + FORM, "", 400),
        # Cookies and languages
        ("GET /accounts/login/", 'Cookie: sessionid="\\000abcdefghij"; =; \xff\r\n', "", 200),
        ("GET /accounts/login/", "Accept-Language: \xff,,;;q=zz" + "x" * 2000 + "\r\n", "", 200),
    ],
    ids=lambda value: str(value)[:48],
)
async def test_a_request(
    live_server_ws: LiveServer, caplog: pytest.LogCaptureFixture, request_line: str, headers: str, body: str, status: int
) -> None:
    if "Host:" not in headers:
        headers = "Host: testserver\r\n" + headers
    if body and "chunked" not in headers:
        headers += f"Content-Length: {len(body)}\r\n"
    request = f"{request_line} HTTP/1.1\r\nConnection: close\r\n{headers}\r\n{body}".encode("latin-1")
    answer = await raw.ask(live_server_ws.port, request)
    assert raw.status_of(answer) == status
    assert raw.troubles(caplog) == []
    if status == 400 and "Host: evil" in headers:
        assert b"evil.example" not in answer
        assert PERMISSIONS_POLICY.encode() in answer
        warnings = [record for record in caplog.records if record.levelno > logging.INFO]
        assert [record.name for record in warnings] == ["django.security.DisallowedHost"]


@pytest.mark.parametrize(
    ("extra", "level", "traceback"),
    [({"status_code": 400}, "WARNING", False), ({"status_code": 500}, "ERROR", True), ({}, "ERROR", True)],
)
def test_a_refusal_is_one_line_and_an_error_of_ours_keeps_its_traceback(extra: Any, level: str, traceback: bool) -> None:
    try:
        raise DisallowedHost("Invalid HTTP_HOST header")
    except DisallowedHost as error:
        reason = (type(error), error, error.__traceback__)
    record = logging.getLogger("x").makeRecord("x", logging.ERROR, __file__, 1, "Refused", (), reason, extra=extra)
    line = Line("%(levelname)s %(message)s").format(record)
    assert line.startswith(f"{level} Refused")
    assert ("Traceback" in line) == traceback
    assert record.exc_info is reason
