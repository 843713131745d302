"""The SDK and the clients. The only module that imports it, after the server's start or at the first call.

The SDK knows what a request looks like: its address, authentication, headers. For one provider that is the same each time, so the
SDK is asked once, and each request goes out with its own body. There is one client per provider and event loop, with connections
that are kept as long as they are useful; what a provider is told comes from the registry alone.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit
from weakref import WeakKeyDictionary

import msgspec

from apps.core import lifespan

from .addresses import AddressRefused, check_base_url, deployment_of, is_loopback, split_version
from .calls import Endpoint, fits_header
from .errors import Code, GatewayError
from .failures import of_status

if TYPE_CHECKING:
    from openai import AsyncOpenAI

    from .transport import Answer, Head, Transport

PRELOAD_AFTER = 2.0  # seconds
IDLE_SECONDS = 60.0  # after which a client is closed; its connections are kept for less (transport.KEEP_ALIVE)
LIST_SECONDS = 10
LIST_BYTES = 4 * 1024 * 1024
LIST_LENGTH = 200
REFUSAL_BYTES = 64 * 1024  # what is read of a refusal; its sender does not decide how much memory we use


class _SDK:
    """What is imported late: some 50 MB and more than half a second that commands and workers without calls never spend."""

    def __init__(self) -> None:
        import aiohttp
        import httpx2
        import openai

        from . import transport

        self.openai = openai
        self.httpx = httpx2
        self.transport = transport
        self.connection_errors: tuple[type[Exception], ...] = (aiohttp.ClientError, OSError)


@cache
def _sdk() -> _SDK:
    return _SDK()


def connection_errors() -> tuple[type[Exception], ...]:
    """Return what reading a body may raise when the connection fails. The SDK must be loaded."""
    return _sdk().connection_errors


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


# A request of the SDK's, built without being sent.
Sketch = Callable[["AsyncOpenAI", dict[str, Any]], Awaitable[Any]]


def _chat(sdk: AsyncOpenAI, headers: dict[str, Any]) -> Awaitable[Any]:
    return sdk.chat.completions.with_raw_response.create(model="", messages=[], stream=True, extra_headers=headers)


def _models(sdk: AsyncOpenAI, headers: dict[str, Any]) -> Awaitable[Any]:
    return sdk.models.with_raw_response.list(extra_headers=headers)


@dataclass(frozen=True, slots=True)
class Client:
    """A provider as one event loop reaches it, and what requests to it look like."""

    base_url: str
    transport: Transport
    heads: dict[Sketch, Head] = field(default_factory=dict)


Key = tuple[str, str, bool]
# One client per provider and event loop: its connections belong to the loop they were opened in.
_clients: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[Key, Client]] = WeakKeyDictionary()
_closing: set[asyncio.Task[None]] = set()


def client_for(endpoint: Endpoint) -> Client:
    """Return this loop's client for `endpoint`, created at first use. Raises GatewayError for an address that is not allowed.

    Nobody has to be notified when an address changes or a key is rotated, in whatever process: a client that is no longer used
    closes `IDLE_SECONDS` after its last answer has ended, when its connections are of no use anyway.
    """
    loop = asyncio.get_running_loop()
    mine = _clients.setdefault(loop, {})
    key = (endpoint.base_url, endpoint.api_key, endpoint.allow_plain_http)
    client = mine.get(key)
    if client is None:
        client = mine[key] = _make(endpoint)
        loop.call_later(IDLE_SECONDS, _close_if_idle, mine, key)
    client.transport.used_at = time.monotonic()  # it must not close between here and the request
    return client


def _close_if_idle(mine: dict[Key, Client], key: Key) -> None:
    """Close a client that has not been used for a while, or look again later."""
    client = mine.get(key)
    if client is None:
        return
    loop = asyncio.get_running_loop()
    left = IDLE_SECONDS - (time.monotonic() - client.transport.used_at)
    if client.transport.busy or left > 0:
        loop.call_later(IDLE_SECONDS if client.transport.busy else left, _close_if_idle, mine, key)
        return
    del mine[key]
    task = loop.create_task(client.transport.close(), name="close an idle model client")
    _closing.add(task)
    task.add_done_callback(_closing.discard)


def _make(endpoint: Endpoint) -> Client:
    try:
        base_url = check_base_url(endpoint.base_url, allow_plain_http=endpoint.allow_plain_http)
    except AddressRefused as error:
        raise GatewayError(Code.NOT_CONFIGURED, detail=str(error)) from None
    if not fits_header(endpoint.api_key):
        raise GatewayError(Code.NOT_CONFIGURED, detail="The key holds characters that cannot be sent.")
    local = is_loopback(urlsplit(base_url).hostname or "")
    return Client(base_url, _sdk().transport.Transport(trust_env=not local))


async def _head(sdk: _SDK, client: Client, endpoint: Endpoint, sketch: Sketch) -> Head:
    """Return what the SDK's request looks like. Nothing is sent."""

    def keep(request: Any) -> Any:
        return sdk.httpx.Response(200, request=request)

    base_url, version = split_version(client.base_url)
    async with sdk.openai.AsyncOpenAI(
        base_url=base_url,
        default_query={"api-version": version} if version else None,
        api_key=endpoint.api_key or "none",
        max_retries=0,
        timeout=None,
        default_headers={"Accept-Encoding": "identity"},
        http_client=sdk.httpx.AsyncClient(transport=sdk.httpx.MockTransport(keep), trust_env=False),
    ) as drawer:
        # The SDK takes these from the environment; but what a provider is told comes from the registry alone.
        drawer.organization = drawer.project = None
        # The SDK must be told each time that having no key is intended.
        headers: dict[str, Any] = {} if endpoint.api_key else {"Authorization": sdk.openai.Omit()}
        if version and endpoint.api_key:  # Azure's classic interface has a header of its own for the key
            headers = {"Authorization": sdk.openai.Omit(), "api-key": endpoint.api_key}
        request = (await sketch(drawer, headers)).http_request
    head: Head = sdk.transport.Head.of(request.method, str(request.url), request.headers.multi_items())
    return head


async def ask(endpoint: Endpoint, content: bytes) -> Answer:
    """Ask for a chat completion, with `content` as the request's body, and return the answer once its head has arrived.

    The caller closes its body. Raises GatewayError for anything but a success.
    """
    return await _send(endpoint, _chat, content)


async def _send(endpoint: Endpoint, sketch: Sketch, content: bytes | None = None) -> Answer:
    sdk = await load_sdk()
    client = client_for(endpoint)
    head = client.heads.get(sketch)
    if head is None:
        head = client.heads[sketch] = await _head(sdk, client, endpoint, sketch)
    try:
        answer = await client.transport.send(head, content)
        if 200 <= answer.status < 300:
            return answer
        try:
            words = await answer.body.start(REFUSAL_BYTES)
        finally:
            answer.body.close()
    except sdk.connection_errors as error:
        raise _not_connected(error) from None
    raise of_status(answer.status, _read(words), answer.headers)


def _read(words: bytes) -> object:
    """Return the content of a refusal's body: an object, else its text."""
    try:
        return msgspec.json.decode(words)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return words.decode(errors="replace")


def _not_connected(error: BaseException) -> GatewayError:
    """Return what a failed connection means; the reason is in the chain of its causes."""
    chain: list[BaseException] = []
    current: BaseException | None = error
    while current is not None and current not in chain:
        chain.append(current)
        current = current.__cause__ or current.__context__
    for cause in chain:
        if isinstance(cause, _sdk().transport.ForbiddenTarget):
            return GatewayError(Code.NOT_CONFIGURED, detail=str(cause))
    words = next((str(cause) for cause in chain if str(cause)), type(chain[-1]).__name__)
    return GatewayError(Code.PROVIDER_UNREACHABLE, detail=words)


@lifespan.on_shutdown
async def close_clients() -> None:
    """Close this loop's clients; at shutdown, when nothing streams any more."""
    mine = _clients.pop(asyncio.get_running_loop(), {})
    clients = list(mine.values())
    mine.clear()  # for checks that are still scheduled
    for client in clients:
        await client.transport.close()


_NAMES = ("id", "name", "model", "model_name", "modelId")


def read_listing(content: bytes) -> tuple[str, ...]:
    """Return the names in a list of models: under `data`, `models` or nothing, as objects or plain names. Entries without a name
    are skipped. Raises GatewayError for what is not such a list."""
    try:
        document: Any = msgspec.json.decode(content)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise GatewayError(Code.BAD_ANSWER, detail=f"The list of models cannot be read: {error}") from None
    for name in ("data", "models", "body", "result"):
        if isinstance(document, dict) and isinstance(document.get(name), list | dict):
            document = document[name]
    if isinstance(document, dict) and document.get("error"):
        raise of_status(502, document, {})
    if not isinstance(document, list):
        raise GatewayError(Code.BAD_ANSWER, detail=f"This is no list of models: {content[:200].decode(errors='replace')}")
    found = (_name_in(listed) for listed in document)
    return tuple(dict.fromkeys(name for name in found if name))[:LIST_LENGTH]


def _name_in(listed: Any) -> str:
    if isinstance(listed, dict):
        listed = next((listed[name] for name in _NAMES if isinstance(listed.get(name), str) and listed[name]), None)
    # Gemini says “models/…” in its list, and accepts the name with or without it.
    return listed.removeprefix("models/").strip() if isinstance(listed, str) else ""


async def list_models(endpoint: Endpoint) -> tuple[str, ...]:
    """Return the names of the models that the provider says it serves, at most `LIST_LENGTH`. Raises GatewayError."""
    if deployment := deployment_of(endpoint.base_url):
        return (deployment,)  # it has no list
    try:
        async with asyncio.timeout(LIST_SECONDS):
            body = (await _send(endpoint, _models)).body
            try:
                content = await body.start(LIST_BYTES + 1)
            finally:
                body.close()
        if len(content) > LIST_BYTES:
            raise GatewayError(Code.TOO_LARGE, detail="The list of models has no end.")
        return read_listing(content)
    except TimeoutError:
        raise GatewayError(Code.TIMEOUT_FIRST, detail=f"No list of models within {LIST_SECONDS} s.") from None
    except connection_errors() as error:
        raise GatewayError(Code.PROVIDER_UNREACHABLE, detail=f"{type(error).__name__}: {error}") from None
