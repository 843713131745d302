"""One open socket, as commands see it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec

logger = logging.getLogger("almia.live")

OUTBOX_FRAMES = 256
SEND_SECONDS = 20.0
_encode = msgspec.json.encode


class Gone(Exception):
    """The client has left or does not read."""


class Connection:
    """Sends frames, one at a time, and keeps what commands opened.

    `send` waits until the transport has taken the frame: a stream that follows it slows down with its reader and buffers nothing.
    `post` puts a frame into a bounded outbox and returns; a client that lets it fill up is dropped.
    """

    def __init__(self, send: Callable[[dict[str, Any]], Awaitable[None]], *, user_id: object) -> None:
        self._send = send
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._sending_since: float | None = None
        self._watch: asyncio.TimerHandle | None = None
        self._outbox: asyncio.Queue[dict[str, Any]] = asyncio.Queue(OUTBOX_FRAMES)
        self._opened: dict[str, tuple[asyncio.Task[None], str | None]] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self._writer = asyncio.create_task(self._write())
        self.user_id = user_id
        self.gone = asyncio.Event()

    async def send(self, frame: dict[str, Any]) -> None:
        """Send `frame`; return when the transport has taken it. Raises Gone."""
        if self.gone.is_set():
            raise Gone
        text = _encode(frame).decode()
        try:
            async with self._lock:
                if self.gone.is_set():
                    raise Gone
                self._sending_since = self._loop.time()
                if self._watch is None:
                    self._watch = self._loop.call_later(SEND_SECONDS, self._check_reading)
                await self._send({"type": "websocket.send", "text": text})
                self._sending_since = None
        except (OSError, RuntimeError) as error:
            self.gone.set()
            raise Gone from error

    def _check_reading(self) -> None:
        # One timer that checks now and then: a deadline for each of thousands of frames costs more than sending them.
        self._watch = None
        if self._sending_since is None or self.gone.is_set():
            return
        waited = self._loop.time() - self._sending_since
        if waited < SEND_SECONDS:
            self._watch = self._loop.call_later(SEND_SECONDS - waited, self._check_reading)
            return
        logger.info("A client did not read for %s s and is dropped.", SEND_SECONDS)
        self.spawn(self.close(4008))

    def post(self, frame: dict[str, Any]) -> None:
        """Queue `frame` and return at once."""
        try:
            self._outbox.put_nowait(frame)
        except asyncio.QueueFull:
            logger.info("A client let %s frames wait and is dropped.", OUTBOX_FRAMES)
            self.spawn(self.close(4008))

    async def _write(self) -> None:
        try:
            while True:
                await self.send(await self._outbox.get())
        except Gone:
            return

    async def close(self, code: int) -> None:
        """Close the socket with `code` (docs/websocket.md lists them)."""
        if self.gone.is_set():
            return
        self.gone.set()
        try:
            async with asyncio.timeout(2):
                await self._send({"type": "websocket.close", "code": code})
        except (TimeoutError, OSError, RuntimeError):
            return

    def spawn(self, work: Awaitable[None]) -> asyncio.Task[None]:
        """Run `work` beside the connection; it is cancelled when the connection ends."""

        async def guarded() -> None:
            try:
                await work
            except Gone:
                return
            except Exception:
                logger.exception("Work of a connection failed.")

        def release(done: asyncio.Task[None]) -> None:
            self._tasks.discard(done)
            if asyncio.iscoroutine(work):
                work.close()  # if cancelled before its first step, Python would warn that it was never awaited

        task = asyncio.create_task(guarded())
        self._tasks.add(task)
        task.add_done_callback(release)
        return task

    def open(self, key: str, capability: str | None, work: Awaitable[None]) -> None:
        """Run `work` as something that was opened under `key`; whatever had that key before is closed."""
        self.shut(key)
        task = self.spawn(work)
        self._opened[key] = (task, capability)

        def forget(done: asyncio.Task[None]) -> None:
            if self._opened.get(key, (None, None))[0] is done:
                del self._opened[key]

        task.add_done_callback(forget)

    def shut(self, key: str) -> None:
        """Close what was opened under `key`, if anything."""
        task, _ = self._opened.pop(key, (None, None))
        if task is not None:
            task.cancel()

    @property
    def opened(self) -> dict[str, str | None]:
        """What is open, and the capability each was opened with."""
        return {key: capability for key, (_, capability) in self._opened.items()}

    async def end(self) -> None:
        """Release everything; called once, when the socket has closed."""
        self.gone.set()
        self._writer.cancel()
        if self._watch is not None:
            self._watch.cancel()
        for task in list(self._tasks):
            task.cancel()
