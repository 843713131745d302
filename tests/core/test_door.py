"""Malformed handshakes: refused in one response, and nothing about them in the log."""

from __future__ import annotations

import pytest

from almia.asgi import application
from tests import raw
from tests.live import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)

ORIGIN = "Origin: {origin}\r\n"
HOST = "Host: 127.0.0.1\r\n"


@pytest.mark.parametrize(
    ("request_line", "headers", "status"),
    [
        ("GET /ws/", HOST + ORIGIN + raw.WEBSOCKET, 101),
        ("GET /ws/?a=%ff%00", HOST + ORIGIN + raw.WEBSOCKET, 101),
        ("GET /ws/", HOST + ORIGIN + 'Cookie: =;;sessionid="\\000abcdefgh"; \xff=\xfe; ;\r\n' + raw.WEBSOCKET, 101),
        ("GET /ws/", "Host: who knows\r\n" + ORIGIN + raw.WEBSOCKET, 101),  # it is the origin that decides
        ("GET /ws", HOST + ORIGIN + raw.WEBSOCKET, 403),
        ("GET /ws//", HOST + ORIGIN + raw.WEBSOCKET, 403),
        ("GET /", HOST + ORIGIN + raw.WEBSOCKET, 403),
        ("GET /chat/", HOST + ORIGIN + raw.WEBSOCKET, 403),
        ("GET /ws/%00", HOST + ORIGIN + raw.WEBSOCKET, 403),
        ("GET /ws/%ff", HOST + ORIGIN + raw.WEBSOCKET, 403),
        ("GET /ws/", HOST + raw.WEBSOCKET, 403),
        ("GET /ws/", HOST + "Origin: \xff\r\n" + raw.WEBSOCKET, 403),
        ("GET /ws", HOST + "Origin: http://evil.example\r\n" + raw.WEBSOCKET, 403),
        ("GET /ws/", HOST + ORIGIN + raw.WEBSOCKET.replace("dGhl", "!"), 400),
        ("GET /ws/", HOST + ORIGIN + raw.WEBSOCKET.replace(": 13", ": 12"), 400),
        ("POST /ws/", HOST + ORIGIN + "Content-Length: 0\r\n" + raw.WEBSOCKET, 405),
        ("GET /ws/", "Host: testserver\r\nConnection: close\r\n", 426),
        ("POST /ws/", "Host: testserver\r\nConnection: close\r\nContent-Length: 0\r\n", 426),
    ],
)
async def test_a_handshake(
    live_server_ws: LiveServer, caplog: pytest.LogCaptureFixture, request_line: str, headers: str, status: int
) -> None:
    told = headers.format(origin=live_server_ws.base_url)
    request = f"{request_line} HTTP/1.1\r\n{told}\r\n".encode("latin-1")
    answer = await raw.ask(live_server_ws.port, request, until_head=True)
    assert raw.status_of(answer) == status
    assert raw.troubles(caplog) == []


async def test_other_protocols_are_refused_as_asgi_has_it() -> None:
    """A server asks for what it might use, and takes the exception for a no."""
    with pytest.raises(ValueError, match="smtp"):
        await application({"type": "smtp"}, None, None)
