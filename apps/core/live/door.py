from __future__ import annotations

from typing import Any

from django.conf import settings

PATH = "/ws/"


class Door:
    """Lets a websocket through only at `/ws/`, and only from an origin in `settings.ORIGINS`: same scheme, host and port.

    Anything else is refused before it is opened. (Channels' URLRouter raises an error for an address it does not know; its
    AllowedHostsOriginValidator accepts any scheme and port of an allowed host.)
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if scope["path"] == PATH and len(origins) == 1 and origins[0].decode("latin-1") in settings.ORIGINS:
            await self._inner(scope, receive, send)
            return
        await receive()  # websocket.connect
        await send({"type": "websocket.close", "code": 4403})
