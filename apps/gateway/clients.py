"""The SDK and its clients. The only module that imports it, after the server's start or at the first call.

One client per provider and event loop, with connections that are kept while they are of use; what a provider is told comes from
the registry alone.
"""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import msgspec

from apps.core import lifespan

from .addresses import AddressRefused, check_base_url, is_loopback
from .calls import Endpoint
from .errors import Code, GatewayError
from .failures import of_status

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from .transport import AiohttpTransport, ResponseBody

PRELOAD_AFTER = 2.0  # seconds
IDLE_SECONDS = 60.0  # after which a client is closed; its connections are kept for less (transport.KEEP_ALIVE)
LIST_SECONDS = 10
LIST_BYTES = 4 * 1024 * 1024
LIST_LENGTH = 200


class _SDK:
    """What is imported late: some 50 MB and more than half a second that commands and workers without calls never spend."""

    def __init__(self) -> None:
        import aiohttp
        import httpx2
        import openai

        from . import transport

        self.openai = openai
        self.transport = transport
        self.response_type = httpx2.Response
        self.stream_type = openai.AsyncStream[Any]
        self.transport_errors: tuple[type[Exception], ...] = (aiohttp.ClientError, httpx2.RequestError, OSError)


@cache
def _sdk() -> _SDK:
    return _SDK()


def transport_errors() -> tuple[type[Exception], ...]:
    """Return what reading a body may raise when the connection fails. The SDK must be loaded."""
    return _sdk().transport_errors


@lifespan.on_startup
async def _preload() -> None:
    """Import the SDK once the server is up, so that the first person to write does not wait for it."""
    loop = asyncio.get_running_loop()
    loop.call_later(PRELOAD_AFTER, lambda: loop.run_in_executor(None, _sdk))


async def load_sdk() -> _SDK:
    """Return the SDK; the first time it is imported on a thread, so that no socket waits for it."""
    if not _sdk.cache_info().currsize:
        await asyncio.to_thread(_sdk)
    return _sdk()


Key = tuple[str, str, bool]


@dataclass(frozen=True, slots=True)
class _Kept:
    client: AsyncOpenAI
    transport: AiohttpTransport


# One client per provider and event loop: its connections belong to the loop they were made in.
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Key, _Kept]] = WeakKeyDictionary()
_closing: set[asyncio.Task[None]] = set()


def client_for(endpoint: Endpoint) -> AsyncOpenAI:
    """Return this loop's client for `endpoint`, made at first use. Raises GatewayError for an address that is not allowed.

    Nothing has to be told when an address changes or a key is rotated, in whatever process: the client that nobody asks for any
    more closes `IDLE_SECONDS` after its last answer has ended, when its connections are of no use anyway.
    """
    loop = asyncio.get_running_loop()
    mine = _clients.setdefault(loop, {})
    key = (endpoint.base_url, endpoint.api_key, endpoint.allow_plain_http)
    kept = mine.get(key)
    if kept is None:
        kept = mine[key] = _make(endpoint)
        loop.call_later(IDLE_SECONDS, _close_if_idle, mine, key)
    kept.transport.used_at = time.monotonic()  # it must not close between here and the request
    return kept.client


def _close_if_idle(mine: dict[Key, _Kept], key: Key) -> None:
    """Close a client that has not been used for a while, or look again later."""
    kept = mine.get(key)
    if kept is None:
        return
    loop = asyncio.get_running_loop()
    left = IDLE_SECONDS - (time.monotonic() - kept.transport.used_at)
    if kept.transport.busy or left > 0:
        loop.call_later(IDLE_SECONDS if kept.transport.busy else left, _close_if_idle, mine, key)
        return
    del mine[key]
    task = loop.create_task(kept.client.close(), name="close an idle model client")
    _closing.add(task)
    task.add_done_callback(_closing.discard)


def _make(endpoint: Endpoint) -> _Kept:
    sdk = _sdk()
    try:
        base_url = check_base_url(endpoint.base_url, allow_plain_http=endpoint.allow_plain_http)
    except AddressRefused as error:
        raise GatewayError(Code.NOT_CONFIGURED, detail=str(error)) from None
    local = is_loopback(urlsplit(base_url).hostname or "")
    transport = sdk.transport.AiohttpTransport(trust_env=not local)
    client: AsyncOpenAI = sdk.openai.AsyncOpenAI(
        base_url=base_url,
        api_key=endpoint.api_key or "none",
        max_retries=0,
        timeout=None,  # ours are finer
        default_headers={"Accept-Encoding": "identity"},
        http_client=sdk.openai.DefaultAioHttpClient(transport=transport, follow_redirects=False, timeout=None),
    )
    # The SDK takes these from the environment; what a provider is told comes from the registry alone.
    client.organization = client.project = None
    return _Kept(client, transport)


async def send(endpoint: Endpoint, path: str, *, content: bytes | None = None) -> Any:
    """POST `content` to `path` (GET without it) and return the answer once its head has come; its body is in
    `extensions["body"]`, to be closed by the caller. Raises GatewayError for anything but a success.
    """
    sdk = await load_sdk()
    client = client_for(endpoint)
    # The SDK wants to be told each time that no key is meant.
    options: Any = {} if endpoint.api_key else {"headers": {"Authorization": sdk.openai.Omit()}}
    how: dict[str, Any] = {"cast_to": sdk.response_type, "stream": True, "stream_cls": sdk.stream_type, "options": options}
    try:
        return await (client.get(path, **how) if content is None else client.post(path, content=content, **how))
    except sdk.openai.APIStatusError as error:
        raise of_status(error.status_code, error.body, error.response.headers) from None
    except sdk.openai.APIConnectionError as error:
        raise _not_connected(error) from None


def _not_connected(error: BaseException) -> GatewayError:
    """Return what a connection error of the SDK means; the reason lies in the chain of its causes."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    for cause in chain:
        if isinstance(cause, _sdk().transport.ForbiddenTarget):
            return GatewayError(Code.NOT_CONFIGURED, detail=str(cause))
    words = next((str(cause) for cause in chain[1:] if str(cause)), type(chain[-1]).__name__)
    return GatewayError(Code.PROVIDER_UNREACHABLE, detail=words)


@lifespan.on_shutdown
async def close_clients() -> None:
    """Close this loop's clients; at shutdown, when nothing streams any more."""
    mine = _clients.pop(asyncio.get_running_loop(), {})
    kept = list(mine.values())
    mine.clear()  # for the looks that are still to come
    for each in kept:
        await each.client.close()


class _Listed(msgspec.Struct):
    id: str


class _Listing(msgspec.Struct):
    data: list[_Listed]


async def list_models(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the names of the models that the provider says it serves, at most `LIST_LENGTH`. Raises GatewayError."""
    try:
        async with asyncio.timeout(LIST_SECONDS):
            body: ResponseBody = (await send(endpoint, "/models")).extensions["body"]
            try:
                content = b""
                while chunk := await body.read():
                    content += chunk
                    if len(content) > LIST_BYTES:
                        raise GatewayError(Code.TOO_LARGE, detail="The list of models has no end.")
            finally:
                body.close()
        return tuple(listed.id for listed in msgspec.json.decode(content, type=_Listing).data[:LIST_LENGTH])
    except TimeoutError:
        raise GatewayError(Code.TIMEOUT_FIRST, detail=f"No list of models within {LIST_SECONDS} s.") from None
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise GatewayError(Code.BAD_ANSWER, detail=f"The list of models cannot be read: {error}") from None
    except transport_errors() as error:
        raise GatewayError(Code.PROVIDER_UNREACHABLE, detail=f"{type(error).__name__}: {error}") from None
