"""How the SDK reaches providers: aiohttp, with the address checked at each connection. Loaded with the SDK, at the first call."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import aiohttp
import httpx2
from aiohttp.abc import AbstractResolver, ResolveResult

from .addresses import is_forbidden

CONNECTIONS = 2000  # at once, for one provider: streams are held open for as long as a model writes
KEEP_ALIVE = 55  # seconds; below the 60 s after which common proxies hang up
CONNECT_TIMEOUT = 10
ERROR_BODY = 64 * 1024  # what is read of a refusal; its sender decides nothing about our memory


class ForbiddenTarget(OSError):
    """A provider's name resolves to an address it must not have."""


class GuardedResolver(AbstractResolver):
    """Resolves names and refuses forbidden addresses, at the moment of the connection: rebinding a name does not help."""

    def __init__(self) -> None:
        self._inner = aiohttp.ThreadedResolver()

    async def resolve(self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        if any(is_forbidden(result["host"]) for result in found):
            raise ForbiddenTarget(f"{host} resolves to an address that a provider must not have.")
        return found

    async def close(self) -> None:
        await self._inner.close()


def guarded_socket(target: tuple[Any, ...]) -> socket.socket:
    """Return a socket for `target`, refused where its address is forbidden. An address that is a number is never resolved, so
    this is the last place that sees every connection."""
    family, kind, protocol, _name, place = target
    if is_forbidden(str(place[0])):
        raise ForbiddenTarget(f"{place[0]} is an address that a provider must not have.")
    return socket.socket(family, kind, protocol)


class ResponseBody(httpx2.AsyncByteStream):
    """The body of one answer. `read` waits for more and returns it, nothing at the end; `take` returns what is there already.
    `close` hangs up unless the body has been read to its end, and calls `on_close` the first time."""

    def __init__(self, response: aiohttp.ClientResponse, *, limit: int | None, on_close: Callable[[], None]) -> None:
        self._response = response
        self._limit = limit
        self._on_close: Callable[[], None] | None = on_close
        self._gathering: asyncio.Future[None] | None = None
        self.read = response.content.readany
        response.content.on_eof(self._stop_gathering)

    async def gather(self, seconds: float) -> None:
        """Let what arrives gather for a while; return at once when the end has come."""
        if self._response.content.is_eof():
            return
        loop = asyncio.get_running_loop()
        self._gathering = loop.create_future()
        timer = loop.call_later(seconds, self._stop_gathering)
        try:
            await self._gathering
        finally:
            timer.cancel()
            self._gathering = None

    def _stop_gathering(self) -> None:
        if self._gathering is not None and not self._gathering.done():
            self._gathering.set_result(None)

    def take(self) -> bytes:
        return self._response.content.read_nowait()

    async def __aiter__(self) -> AsyncIterator[bytes]:
        left = self._limit
        try:
            while chunk := await self.read():
                yield chunk if left is None else chunk[:left]
                if left is not None and (left := left - len(chunk)) <= 0:
                    return
        except aiohttp.ClientError as error:
            self.close()
            raise httpx2.ReadError(str(error)) from error
        except BaseException:  # whoever read it has gone, and will not say so
            self.close()
            raise

    def close(self) -> None:
        if self._on_close is not None:
            self._on_close()
            self._on_close = None
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()

    async def aclose(self) -> None:
        self.close()


class AiohttpTransport(httpx2.AsyncBaseTransport):
    """One aiohttp session. The body is in the response's extensions too (`body`), to be read without a stack of generators.

    `busy` counts the requests whose bodies are open; `used_at` is when one last began or ended.
    """

    def __init__(self, *, trust_env: bool) -> None:
        self._trust_env = trust_env  # a company's outgoing proxy; never between us and this machine
        self._session: aiohttp.ClientSession | None = None
        self.busy = 0
        self.used_at = time.monotonic()

    def _ended(self) -> None:
        self.busy -= 1
        self.used_at = time.monotonic()

    def _open_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                limit=CONNECTIONS,
                keepalive_timeout=KEEP_ALIVE,
                resolver=GuardedResolver(),
                socket_factory=guarded_socket,
            ),
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=self._trust_env,
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_TIMEOUT),
            skip_auto_headers=("User-Agent", "Accept-Encoding", "Content-Type"),
        )

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        self.busy += 1
        try:
            response = await self._request(request)
        except BaseException:
            self._ended()
            raise
        limit = ERROR_BODY if response.status >= 300 else None
        body = ResponseBody(response, limit=limit, on_close=self._ended)
        extensions: dict[str, Any] = {"http_version": b"HTTP/1.1", "body": body}
        return httpx2.Response(
            response.status, headers=list(response.raw_headers), stream=body, request=request, extensions=extensions
        )

    async def _request(self, request: httpx2.Request) -> aiohttp.ClientResponse:
        if self._session is None:
            self._session = self._open_session()
        headers = [(name, value) for name, value in request.headers.multi_items() if name not in _OWN_HEADERS]
        try:
            return await self._session.request(
                request.method,
                str(request.url),
                headers=headers,
                data=request.content or None,
                allow_redirects=False,
            )
        except aiohttp.ServerTimeoutError as error:
            raise httpx2.ConnectTimeout(str(error)) from error
        except (aiohttp.ClientConnectorError, aiohttp.ClientProxyConnectionError) as error:
            raise httpx2.ConnectError(str(error)) from error
        except aiohttp.ClientError as error:
            raise httpx2.ReadError(str(error)) from error

    async def aclose(self) -> None:
        if self._session is not None:
            await self._session.close()


_OWN_HEADERS = {"host", "connection", "content-length", "transfer-encoding"}  # aiohttp writes these itself
