"""A real server for tests of the live socket: uvicorn on a port of its own, configured as `manage.py serve` configures it.

    @pytest.mark.django_db(transaction=True)
    async def test_something(live_server_ws: LiveServer) -> None:
        person = await db.run(UserFactory)
        session = await live_server_ws.sign_in(person)
        async with live_server_ws.tab(session) as tab:
            reply = await tab.ask({"type": "chat.start", "text": "…"})       # the frame that answers this one
            frame = await tab.next("chat.chunk")                             # the next of a type; others are kept for later
            assert await tab.closed() == 4401                                # the code it was closed with

The server runs on a thread of the test's process, so it sees the test's database (which must be a transactional one), settings
and monkeypatches. `live_server_ws.run(coroutine)` runs something on the server's loop.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import json
import socket
import sys
import threading
import time
import traceback
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from importlib import import_module
from typing import Any, TypeVar

import pytest
import uvloop
import websockets
from channels.layers import channel_layers
from django.conf import settings
from django.contrib.auth import BACKEND_SESSION_KEY, HASH_SESSION_KEY, SESSION_KEY

from apps.accounts.models import User
from apps.core import db
from apps.core.streams import get_streams
from apps.server.web import GRACE_SECONDS, WebServer, configuration, take_port

T = TypeVar("T")
SECONDS = 10.0


def session_of(user: User) -> str:
    """Sign `user` in without a password and return the session's cookie. For database threads and synchronous tests."""
    session = import_module(settings.SESSION_ENGINE).SessionStore()
    session[SESSION_KEY] = str(user.pk)
    session[BACKEND_SESSION_KEY] = settings.AUTHENTICATION_BACKENDS[0]
    session[HASH_SESSION_KEY] = user.get_session_auth_hash()
    session.save()
    return str(session.session_key)


class Tab:
    """One open socket, as a browser tab holds it."""

    def __init__(self, connection: websockets.ClientConnection) -> None:
        self.socket = connection
        self._kept: list[dict[str, Any]] = []
        self._refs = itertools.count(1)

    async def send(self, frame: dict[str, Any] | str | bytes) -> None:
        """Send a frame: a dictionary as JSON, anything else as it is."""
        await self.socket.send(json.dumps(frame) if isinstance(frame, dict) else frame)

    async def receive(self, seconds: float = SECONDS) -> dict[str, Any]:
        """Return the next frame that arrives, leaving what was kept."""
        async with asyncio.timeout(seconds):
            frame: dict[str, Any] = json.loads(await self.socket.recv())
            return frame

    async def until(self, wanted: Callable[[dict[str, Any]], bool], seconds: float = SECONDS) -> dict[str, Any]:
        """Return the first frame, kept or to come, that is `wanted`; keep the others."""
        for index, frame in enumerate(self._kept):
            if wanted(frame):
                return self._kept.pop(index)
        async with asyncio.timeout(seconds):
            while not wanted(frame := await self.receive(seconds)):
                self._kept.append(frame)
            return frame

    async def next(self, type_: str, seconds: float = SECONDS) -> dict[str, Any]:
        """Return the next frame of a type."""
        return await self.until(lambda frame: frame["type"] == type_, seconds)

    async def ask(self, frame: dict[str, Any], seconds: float = SECONDS) -> dict[str, Any]:
        """Send `frame` and return the frame that answers it."""
        ref = f"ask-{next(self._refs)}"
        await self.send({**frame, "ref": ref})
        return await self.until(lambda answer: answer.get("ref") == ref, seconds)

    async def silent(self, seconds: float = 0.3) -> bool:
        """Whether nothing arrives for a moment."""
        try:
            self._kept.append(await self.receive(seconds))
        except TimeoutError:
            return True
        return False

    async def closed(self, seconds: float = SECONDS) -> int:
        """Wait until the server closes the socket; return the code. Frames that arrive before are kept."""
        try:
            while True:
                self._kept.append(await self.receive(seconds))
        except websockets.ConnectionClosed:
            assert self.socket.close_code is not None
            return self.socket.close_code


class LiveServer:
    """A running server. Its parts are described at the top of this module."""

    def __init__(self, port: int, loop: asyncio.AbstractEventLoop, server: WebServer) -> None:
        self.base_url = f"http://127.0.0.1:{port}"
        self.ws_url = f"ws://127.0.0.1:{port}/ws/"
        self.port = port
        self._loop = loop
        self._server = server

    @property
    def connections(self) -> list[Any]:
        """The connections that the server holds."""
        return list(self._server.server_state.connections)

    async def sign_in(self, user: User) -> str:
        """Return the cookie of a new session of `user`."""
        return await db.run(session_of, user)

    @contextlib.asynccontextmanager
    async def tab(self, session: str | None, *, greeted: bool = True, **options: Any) -> AsyncIterator[Tab]:
        """Open a socket with a session's cookie; `greeted` waits for the server's hello. `options` go to websockets.connect."""
        headers = {**({"Cookie": f"{settings.SESSION_COOKIE_NAME}={session}"} if session else {}), **options.pop("headers", {})}
        connection = websockets.connect(
            self.ws_url,
            **{
                "origin": self.base_url,
                "additional_headers": headers,
                "max_size": None,
                "compression": None,
                "proxy": None,
                **options,
            },
        )
        async with connection as opened:
            tab = Tab(opened)
            if greeted:
                await tab.next("hello")
            yield tab

    async def run(self, work: Coroutine[Any, Any, T] | Awaitable[T]) -> T:
        """Run `work` on the server's loop and return its result."""

        async def on_loop() -> T:
            return await work

        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(on_loop(), self._loop))


class QuickServer(WebServer):
    """Ends without uvicorn's pauses of a tenth of a second, for which the tests would wait a hundred times."""

    async def main_loop(self) -> None:
        await self.on_tick(0)  # the date in responses
        while not self.should_exit:  # noqa: ASYNC110  a flag that signals and other threads set
            await asyncio.sleep(0.005)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()
        for listening in sockets or []:
            listening.close()
        for connection in list(self.server_state.connections):
            connection.shutdown()
        deadline = time.monotonic() + GRACE_SECONDS
        while (self.server_state.connections or self.server_state.tasks) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.005)
        for task in self.server_state.tasks:
            task.cancel()
        await self.lifespan.shutdown()


def _forget_loop_bound() -> None:
    """What belongs to a server's loop must not survive into the next one's."""
    get_streams.cache_clear()
    channel_layers.backends.clear()


def _where(thread: threading.Thread, loop: asyncio.AbstractEventLoop) -> str:
    """Return where the server's thread is, and what each of its tasks waits for."""
    frame = sys._current_frames().get(thread.ident or 0)
    lines = traceback.format_stack(frame) if frame else []
    for task in asyncio.all_tasks(loop):
        lines += [f"{task}\n", *(line for each in task.get_stack() for line in traceback.format_stack(each, limit=1))]
    return "".join(lines)


@pytest.fixture
def live_server_ws(transactional_db: None, settings: Any) -> Iterator[LiveServer]:
    """A real server on a port of its own, with the test's database."""
    listening = take_port("127.0.0.1", 0)
    port = listening.getsockname()[1]
    settings.ORIGINS = [f"http://127.0.0.1:{port}"]
    _forget_loop_bound()
    started = threading.Event()
    server = QuickServer(configuration(), when_serving=started.set)
    loop = uvloop.new_event_loop()

    def serve() -> None:
        asyncio.set_event_loop(loop)
        try:
            loop.run_until_complete(server.serve(sockets=[listening]))
        finally:
            started.set()

    thread = threading.Thread(target=serve, name="live-server", daemon=True)
    thread.start()
    assert started.wait(SECONDS), "The server did not start."
    assert server.started, "The server ended while starting."
    try:
        yield LiveServer(port, loop, server)
    finally:
        server.should_exit = True
        thread.join(SECONDS)
        assert not thread.is_alive(), f"The server did not stop.\n{_where(thread, loop)}"
        left = [task for task in asyncio.all_tasks(loop) if not task.done()]
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
        _forget_loop_bound()
    assert not left, f"Tasks left on the server's loop: {left}"
