from __future__ import annotations

from typing import Any

from django.conf import settings


class ExactOrigins:
    """Lets a websocket through only from an origin of `settings.ORIGINS`: scheme, host and port must all be the same.

    (Channels' AllowedHostsOriginValidator accepts any scheme and port of an allowed host.)
    """

    def __init__(self, inner: Any) -> None:
        self._inner = inner

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        origins = [value for name, value in scope["headers"] if name == b"origin"]
        if len(origins) == 1 and origins[0].decode("latin-1") in settings.ORIGINS:
            await self._inner(scope, receive, send)
            return
        await receive()
        await send({"type": "websocket.close", "code": 4403})
