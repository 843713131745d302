"""Requests as bytes: what no well-meaning client would send."""

from __future__ import annotations

import asyncio
import logging

import pytest

WEBSOCKET = (
    "Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
)


async def ask(port: int, request: bytes, *, until_head: bool = False) -> bytes:
    """Send `request` to a local server and return the answer: all of it, or with `until_head` only up to the first empty line."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        writer.write(request)
        await writer.drain()
        async with asyncio.timeout(5):
            return await (reader.readuntil(b"\r\n\r\n") if until_head else reader.read())
    finally:
        writer.close()


def status_of(answer: bytes) -> int:
    return int(answer.split(b" ", 2)[1])


def troubles(caplog: pytest.LogCaptureFixture) -> list[str]:
    """Return what was logged as an error, formatted as the console would show it if it contains a traceback."""
    console = logging.getLogger().handlers[0]
    lines = [console.format(record) for record in caplog.records]
    return [line for line in lines if "Traceback" in line or " ERROR " in line or " CRITICAL " in line]
