"""Sending a frame to somebody's open tabs from anywhere: a service, a task, the loop."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

from channels.layers import get_channel_layer

_loop: asyncio.AbstractEventLoop | None = None
_lock = threading.Lock()


def user_group(user_id: object) -> str:
    """Return the group of a person's tabs."""
    return f"user.{str(user_id).replace('-', '')}"


def adopt_loop() -> None:
    """Make the running loop the one that pushes go through. The socket calls it; the in-memory layer lives on that loop."""
    global _loop
    _loop = asyncio.get_running_loop()


def server_loop() -> asyncio.AbstractEventLoop:
    """Return the server's loop; in a process without a server, one of our own on a thread."""
    global _loop
    with _lock:
        if _loop is None or _loop.is_closed():
            _loop = asyncio.new_event_loop()
            threading.Thread(target=_loop.run_forever, name="push", daemon=True).start()
        return _loop


async def _send(group: str, frame: dict[str, Any]) -> None:
    layer = get_channel_layer()
    assert layer is not None
    await layer.group_send(group, {"type": "live.push", "frame": frame})


def push(group: str, frame: dict[str, Any]) -> None:
    """Hand `frame` over for delivery to `group` and return at once. A signal, not a record: it may be lost, so a client
    that reconnects asks again. Call it after commit. Safe from any thread."""
    asyncio.run_coroutine_threadsafe(_send(group, frame), server_loop())
