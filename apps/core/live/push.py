"""Sending a frame to somebody's open tabs from anywhere: a service, a task, the loop."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Callable
from contextvars import ContextVar
from typing import Any

from channels.layers import get_channel_layer
from django.conf import settings
from redis.exceptions import RedisError

from apps.core import lifespan

logger = logging.getLogger("almia.live")

EVERY_PROCESS = "live"
Listener = Callable[[dict[str, Any], str], None]
# The name of the socket whose command is being answered here; empty anywhere else.
asker: ContextVar[str] = ContextVar("asker", default="")
_loop: asyncio.AbstractEventLoop | None = None
_lock = threading.Lock()


def user_group(user_id: object) -> str:
    """Return the group of a person's tabs."""
    return f"user.{str(user_id).replace('-', '')}"


def adopt_loop() -> None:
    """Make the running loop the one that pushes go through. Called when the server starts."""
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


# Who listens in this process, by group. Only the server's loop touches it.
_listeners: dict[str, set[Listener]] = {}


def join(group: str, listener: Listener) -> None:
    """Call `listener` with every frame pushed to `group`, and with the name of the socket to leave out, if any. On the
    server's loop."""
    _listeners.setdefault(group, set()).add(listener)


def leave(group: str, listener: Listener) -> None:
    """Undo `join`."""
    listeners = _listeners.get(group)
    if listeners is not None:
        listeners.discard(listener)
        if not listeners:
            del _listeners[group]


def _deliver(group: str, frame: dict[str, Any], left_out: str) -> None:
    for listener in list(_listeners.get(group, ())):
        listener(frame, left_out)


def push(group: str, frame: dict[str, Any], *, to_asker: bool = True) -> None:
    """Hand `frame` over for delivery to `group` and return at once. A signal, not a record: it may be lost, so a client
    that reconnects asks again. Call it after commit. Safe from any thread.

    `to_asker`: whether the socket whose command caused this is told as well; False where its answer already says it.

    One process delivers by itself. Several are told through the channel layer, each through one channel of its own.
    """
    left_out = "" if to_asker else asker.get()
    if settings.REDIS_URL:
        asyncio.run_coroutine_threadsafe(_tell_all(group, frame, left_out), server_loop())
    else:
        server_loop().call_soon_threadsafe(_deliver, group, frame, left_out)


async def _tell_all(group: str, frame: dict[str, Any], left_out: str) -> None:
    layer = get_channel_layer()
    assert layer is not None
    message = {"type": "live.push", "group": group, "frame": frame, "left_out": left_out}
    await layer.group_send(EVERY_PROCESS, message)


_hearing: asyncio.Task[None] | None = None


@lifespan.on_startup
async def _hear_other_processes() -> None:
    global _hearing
    adopt_loop()
    if settings.REDIS_URL:
        _hearing = asyncio.create_task(_hear(), name="pushes of all processes")


@lifespan.on_shutdown
async def _stop_hearing() -> None:
    if _hearing is None:
        return
    await lifespan.end(_hearing)
    layer = get_channel_layer()
    if layer is not None:
        await layer.flush()  # only this process: closes its connections


async def _hear() -> None:
    layer = get_channel_layer()
    assert layer is not None
    while True:
        try:
            channel = await layer.new_channel()
            await layer.group_add(EVERY_PROCESS, channel)
            while True:
                message = await layer.receive(channel)
                # During an update a process of the previous version may still push, and leaves nobody out.
                _deliver(message["group"], message["frame"], message.get("left_out", ""))
        except (OSError, RedisError) as error:
            logger.warning("Redis not reached (%s); pushes of other processes wait.", type(error).__name__)
            await asyncio.sleep(1)
