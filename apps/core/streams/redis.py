from __future__ import annotations

import asyncio
import logging
import uuid
from contextlib import suppress
from typing import Any, cast

import msgspec
from redis.asyncio import Redis
from redis.exceptions import RedisError

from apps.core import lifespan

from .memory import KEEP_FINISHED_SECONDS, Buffer, MemoryStreams, UnknownStream

logger = logging.getLogger("almia.streams")

CLOSE_SECONDS = 2
MAX_LIFE_SECONDS = 3600  # a stream whose writer has died is forgotten after this
_encode = msgspec.json.encode
_decode = msgspec.json.decode
_Answer = list[tuple[bytes, list[tuple[bytes, dict[bytes, bytes]]]]]


def _key(stream: str) -> str:
    return f"almia:stream:{stream}"


class RedisStreams(MemoryStreams):
    """Memory streams that Redis Streams carry to the other processes.

    Readers in the writer's process are served from memory at once. A single flusher sends what all writers of this process have
    added since its last round trip in one pipeline; a single reader fetches what other processes write, for all streams followed
    here.
    """

    def __init__(self, url: str) -> None:
        super().__init__()
        self._redis: Redis = Redis.from_url(url, socket_connect_timeout=5)
        self._unsent: dict[str, list[str]] = {}
        self._unsent_ends: dict[str, dict[str, Any]] = {}
        self._sent: dict[str, int] = {}
        self._flusher: asyncio.Task[None] | None = None
        self._followed: dict[str, bytes] = {}  # stream -> id of the last entry read
        self._reader: asyncio.Task[None] | None = None
        self._wake_key = f"almia:wake:{uuid.uuid4().hex}"

    # Writing ---------------------------------------------------------------------------------------------------------
    def begin(self, stream: str) -> None:
        super().begin(stream)
        self._sent[stream] = 0
        self._unsent[stream] = []
        self._flush_soon()

    def append(self, stream: str, chunk: str) -> int:
        seq = super().append(stream, chunk)
        self._unsent.setdefault(stream, []).append(chunk)
        self._flush_soon()
        return seq

    def finish(self, stream: str, end: dict[str, Any]) -> None:
        buffer = self._buffers.get(stream)
        if buffer is None or buffer.end is not None:
            return
        super().finish(stream, end)
        if stream in self._sent:
            self._unsent.setdefault(stream, [])
            self._unsent_ends[stream] = end
            self._flush_soon()

    def _flush_soon(self) -> None:
        if self._flusher is None or self._flusher.done():
            self._flusher = asyncio.get_running_loop().create_task(self._flush())

    async def _flush(self) -> None:
        pause = 0.05
        while self._unsent:
            unsent, self._unsent = self._unsent, {}
            ends, self._unsent_ends = self._unsent_ends, {}
            pipeline = self._redis.pipeline(transaction=False)
            for stream, chunks in unsent.items():
                entry: dict[str, Any] = {"after": self._sent[stream], "chunks": chunks}
                if stream in ends:
                    entry["end"] = ends[stream]
                pipeline.xadd(_key(stream), {"e": _encode(entry)})
                pipeline.expire(_key(stream), KEEP_FINISHED_SECONDS if stream in ends else MAX_LIFE_SECONDS)
            try:
                await pipeline.execute()
            except RedisError as error:
                logger.warning("Redis not reached (%s); stream chunks wait.", type(error).__name__)
                # Entries name the chunk they start after, so sending one twice does no harm.
                for stream, chunks in unsent.items():
                    self._unsent[stream] = chunks + self._unsent.get(stream, [])
                self._unsent_ends = {**ends, **self._unsent_ends}
                await asyncio.sleep(pause)
                pause = min(pause * 2, 2.0)
                continue
            pause = 0.05
            for stream, chunks in unsent.items():
                if stream in ends:
                    self._sent.pop(stream, None)
                else:
                    self._sent[stream] += len(chunks)

    # Reading what other processes write ------------------------------------------------------------------------------
    async def _hold(self, stream: str) -> Buffer:
        if stream not in self._buffers:
            try:
                entries = await self._redis.xrange(_key(stream))
            except RedisError as error:
                logger.warning("Redis not reached (%s); the stored text serves.", type(error).__name__)
                raise UnknownStream(stream) from error
            if not entries:
                raise UnknownStream(stream)
            if stream not in self._buffers:  # unless another reader came first
                return await self._adopt(stream, entries)
        return await super()._hold(stream)

    async def _adopt(self, stream: str, entries: list[Any]) -> Buffer:
        """Hold a copy of another process's stream and have the shared reader follow it."""
        self._forget_old()  # this process may never open a stream itself
        buffer = self._buffers[stream] = Buffer(readers=1)
        for entry_id, fields in entries:
            self._take(stream, entry_id, fields)
        if buffer.end is None:
            if self._reader is None or self._reader.done():
                self._reader = asyncio.get_running_loop().create_task(self._read())
            else:
                pipeline = self._redis.pipeline(transaction=False)
                pipeline.xadd(self._wake_key, {"w": "1"}, maxlen=1)
                pipeline.expire(self._wake_key, MAX_LIFE_SECONDS)
                with suppress(RedisError):  # without this wake-up the reader would only come round within a second
                    await pipeline.execute()
        return buffer

    def _take(self, stream: str, entry_id: bytes, fields: dict[bytes, bytes]) -> None:
        buffer = self._buffers[stream]
        entry = _decode(fields[b"e"])
        known = len(buffer.chunks) - entry["after"]
        if known >= 0:
            buffer.chunks.extend(entry["chunks"][known:])
        else:
            # Redis has lost what lies between. A text with a gap must not look complete.
            logger.error("Stream %s has a hole after chunk %s.", stream, len(buffer.chunks))
            buffer.broken = True
        buffer.wake()
        self._followed[stream] = entry_id
        if "end" in entry:
            MemoryStreams.finish(self, stream, entry["end"])
            self._followed.pop(stream, None)

    async def _read(self) -> None:
        woken: bytes = b"$"
        while self._followed:
            for stream in [s for s in self._followed if s not in self._buffers]:
                del self._followed[stream]
            keys = {_key(stream): stream for stream in self._followed}
            try:
                answer = await self._redis.xread(
                    {**{_key(s): last for s, last in self._followed.items()}, self._wake_key: woken}, block=1000
                )
            except RedisError as error:
                logger.warning("Redis not reached (%s); following again soon.", type(error).__name__)
                await asyncio.sleep(0.5)
                continue
            for raw, entries in cast("_Answer", answer or []):
                key = raw.decode()
                for entry_id, fields in entries:
                    if key == self._wake_key:
                        woken = entry_id
                    else:
                        self._take(keys[key], entry_id, fields)
            for stream in list(self._followed):
                buffer = self._buffers.get(stream)
                if buffer is not None and not buffer.readers and buffer.end is None:
                    # Nobody follows it here any more; whoever comes back loads it afresh.
                    del self._followed[stream], self._buffers[stream]

    async def close(self) -> None:
        if self._unsent:
            self._flush_soon()
        if self._flusher is not None and not self._flusher.done():
            # It is worth waiting a moment for the end of the last streams: readers in other processes are waiting for it.
            await asyncio.wait([self._flusher], timeout=CLOSE_SECONDS)
        for task in (self._flusher, self._reader):
            if task is not None and not task.done():
                await lifespan.end(task)
        await self._redis.aclose()
