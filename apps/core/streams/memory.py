from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Any

KEEP_FINISHED_SECONDS = 600  # far longer than a reconnect takes; afterwards the stored text is served

SWEEP_SECONDS = 10


class UnknownStream(LookupError):
    """No such stream here: it never existed, or it ended long ago."""


@dataclass(frozen=True, slots=True)
class Batch:
    """What a reader gets: `text` is chunks `after + 1 .. seq` joined. `end` is set on the last batch only."""

    after: int
    seq: int
    text: str
    end: dict[str, Any] | None = None


@dataclass(slots=True, eq=False)
class Buffer:
    """One stream: its chunks so far, its end, and who waits for more."""

    chunks: list[str] = field(default_factory=list)
    end: dict[str, Any] | None = None
    ended_at: float | None = None
    broken: bool = False  # a part of it is missing: readers must ask for the stored text instead
    waiting: list[asyncio.Future[None]] = field(default_factory=list)
    readers: int = 0

    def wake(self) -> None:
        waiting, self.waiting = self.waiting, []
        for future in waiting:
            if not future.done():
                future.set_result(None)

    async def read(self, after: int) -> AsyncIterator[Batch]:
        position = max(0, min(after, len(self.chunks)))
        while True:
            seq = len(self.chunks)
            if self.broken:
                raise UnknownStream
            if position < seq:
                # What arrived while the last batch was being sent goes out as one batch.
                text = self.chunks[position] if seq - position == 1 else "".join(self.chunks[position:seq])
                end = self.end
                yield Batch(position, seq, text, end)
                position = seq
                if end is not None:
                    return
            elif self.end is not None:
                yield Batch(position, seq, "", self.end)
                return
            else:
                future = asyncio.get_running_loop().create_future()
                self.waiting.append(future)
                try:
                    await future
                finally:
                    if future in self.waiting:
                        self.waiting.remove(future)


class MemoryStreams:
    """Streams of one process. All methods belong on the event loop's thread."""

    def __init__(self) -> None:
        self._buffers: dict[str, Buffer] = {}
        self._swept_at = 0.0

    def begin(self, stream: str) -> None:
        """Open `stream`; opening it twice is an error."""
        if stream in self._buffers:
            raise ValueError(f"Stream {stream} exists already.")
        self._forget_old()
        self._buffers[stream] = Buffer()

    def append(self, stream: str, chunk: str) -> int:
        """Add a chunk and return its number. Never waits. Raises ValueError once the stream has ended."""
        buffer = self._buffers[stream]
        if buffer.end is not None:
            raise ValueError(f"Stream {stream} has ended.")
        buffer.chunks.append(chunk)
        if buffer.waiting:
            buffer.wake()
        return len(buffer.chunks)

    def finish(self, stream: str, end: dict[str, Any]) -> None:
        """Close `stream`; `end` (JSON values) reaches every reader as its last batch. Idempotent."""
        buffer = self._buffers.get(stream)
        if buffer is None or buffer.end is not None:
            return
        buffer.end = end
        buffer.ended_at = time.monotonic()
        buffer.wake()

    async def follow(self, stream: str, after: int = 0) -> AsyncIterator[Batch]:
        """Yield batches from chunk `after + 1` on, until the stream's end. Raises UnknownStream."""
        buffer = await self._hold(stream)
        try:
            async for batch in buffer.read(after):
                yield batch
        finally:
            buffer.readers -= 1

    async def _hold(self, stream: str) -> Buffer:
        """Return the stream's buffer, with one more reader counted."""
        buffer = self._buffers.get(stream)
        if buffer is None:
            raise UnknownStream(stream)
        buffer.readers += 1
        return buffer

    def knows(self, stream: str) -> bool:
        """Whether `stream` is held in this process."""
        return stream in self._buffers

    def _forget_old(self) -> None:
        now = time.monotonic()
        if now - self._swept_at < SWEEP_SECONDS:
            return
        self._swept_at = now
        limit = now - KEEP_FINISHED_SECONDS
        for stream, buffer in list(self._buffers.items()):
            if buffer.ended_at is not None and buffer.ended_at < limit and not buffer.readers:
                del self._buffers[stream]

    async def close(self) -> None:
        """Release what the streams hold outside the process."""
