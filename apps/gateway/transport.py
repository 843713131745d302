"""How requests reach providers: aiohttp, with the address checked at each connection. Loaded with the SDK, at the first call."""

from __future__ import annotations

import asyncio
import socket
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from multidict import CIMultiDict, CIMultiDictProxy
from yarl import URL

from .addresses import is_forbidden

CONNECTIONS = 2000  # at once, for one provider: streams are held open for as long as a model writes
KEEP_ALIVE = 55  # seconds; less than the 60 s after which common proxies hang up
CONNECT_TIMEOUT = 10


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
    """Return a socket for `target`, or refuse if its address is forbidden. A numeric address is never resolved, so
    this is the last place that sees every connection."""
    family, kind, protocol, _name, place = target
    if is_forbidden(str(place[0])):
        raise ForbiddenTarget(f"{place[0]} is an address that a provider must not have.")
    return socket.socket(family, kind, protocol)


_OWN_HEADERS = {"host", "connection", "content-length", "transfer-encoding"}  # aiohttp writes these itself


@dataclass(frozen=True, slots=True)
class Head:
    """All of a request except its body."""

    method: str
    url: URL
    headers: CIMultiDict[str]

    @classmethod
    def of(cls, method: str, url: str, headers: Iterable[tuple[str, str]]) -> Head:
        return cls(method, URL(url), CIMultiDict((name, value) for name, value in headers if name.lower() not in _OWN_HEADERS))


@dataclass(frozen=True, slots=True)
class Answer:
    """A provider's response: its head, and a body that the caller must close."""

    status: int
    headers: CIMultiDictProxy[str]
    body: Body


class Body:
    """The body of one response. `read` waits for more and returns it, nothing at the end; `take` returns what has arrived.
    `close` hangs up unless the body has been read to its end, and calls `on_close` the first time."""

    def __init__(self, response: aiohttp.ClientResponse, *, on_close: Callable[[], None]) -> None:
        self._response = response
        self._on_close: Callable[[], None] | None = on_close
        self._gathering: asyncio.Future[None] | None = None
        self.read = response.content.readany
        response.content.on_eof(self._stop_gathering)

    async def gather(self, seconds: float) -> None:
        """Let arriving bytes collect for a while; return at once when the end has come."""
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

    async def start(self, size: int) -> bytes:
        """Return the first `size` bytes, or all when there are fewer."""
        found = b""
        while len(found) < size and (chunk := await self.read()):
            found += chunk
        return found[:size]

    def close(self) -> None:
        if self._on_close is not None:
            self._on_close()
            self._on_close = None
        if self._response.content.at_eof():
            self._response.release()
        else:
            self._response.close()


class Transport:
    """One aiohttp session, for one provider. `busy` counts the responses whose bodies are open; `used_at` is when one last began
    or ended."""

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

    async def send(self, head: Head, content: bytes | None) -> Answer:
        """Send a request and return the response, whatever its status; redirects are not followed. Raises ClientError,
        OSError."""
        if self._session is None:
            self._session = self._open_session()
        self.busy += 1
        try:
            response = await self._session.request(
                head.method, head.url, headers=head.headers, data=content, allow_redirects=False
            )
        except BaseException:
            self._ended()
            raise
        return Answer(response.status, response.headers, Body(response, on_close=self._ended))

    async def close(self) -> None:
        if self._session is not None:
            await self._session.close()

    @property
    def closed(self) -> bool:
        return self._session is None or self._session.closed
