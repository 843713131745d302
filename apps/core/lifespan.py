"""What happens when the server's event loop starts and stops. Apps register; `almia.asgi` runs it."""

from __future__ import annotations

import asyncio
import gc
import logging
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

logger = logging.getLogger("almia.lifespan")

AGAIN_SECONDS = 0.2
Hook = Callable[[], Awaitable[None]]
_startup: list[Hook] = []
_shutdown: list[Hook] = []


def on_startup(hook: Hook) -> Hook:
    """Run `hook` on the server's loop before the first request."""
    _startup.append(hook)
    return hook


def on_shutdown(hook: Hook) -> Hook:
    """Run `hook` on the server's loop after the last request; last registered first. A failing hook does not stop the others."""
    _shutdown.insert(0, hook)
    return hook


async def end(task: asyncio.Task[Any]) -> None:
    """Cancel `task` and return once it has ended, for hooks. Raises what it failed with.

    It is cancelled again while it goes on: redis-py loses a cancellation that comes while it connects, and a server that is
    stopped just after its start would wait for ever.
    """
    while not task.done():
        task.cancel()
        await asyncio.wait([task], timeout=AGAIN_SECONDS)
    with suppress(asyncio.CancelledError):
        task.result()


def _settle_memory() -> None:
    """Exempt from garbage collection what lives as long as the process: walking all of Django in mid-answer is noticeable."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 50)


class Lifespan:
    """The ASGI lifespan protocol: runs the hooks."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                try:
                    for hook in _startup:
                        await hook()
                    _settle_memory()
                except Exception as error:
                    logger.exception("The server cannot start.")
                    await send({"type": "lifespan.startup.failed", "message": str(error)})
                    return
                await send({"type": "lifespan.startup.complete"})
            else:
                for hook in _shutdown:
                    try:
                        await hook()
                    except Exception:
                        logger.exception("A shutdown hook failed.")
                await send({"type": "lifespan.shutdown.complete"})
                return
