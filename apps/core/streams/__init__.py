"""Numbered streams of text chunks: written once, followed by any number of readers, each at its own pace.

A chunk's number (`seq`) starts at 1. A reader asks for what comes after a number and gets everything since, joined: nothing is
lost or doubled however often it reconnects. In one process streams live in memory; with Redis every process can follow them.
"""

from __future__ import annotations

from functools import cache

from django.conf import settings

from apps.core import lifespan

from .memory import Batch, MemoryStreams, UnknownStream

__all__ = ["Batch", "MemoryStreams", "UnknownStream", "close_streams", "get_streams"]


@cache
def get_streams() -> MemoryStreams:
    """Return this process's streams: in memory, shared through Redis when settings name one."""
    if settings.REDIS_URL:
        from .redis import RedisStreams

        return RedisStreams(settings.REDIS_URL)
    return MemoryStreams()


@lifespan.on_shutdown  # registered here, so that whoever writes to streams ends first: the last registered ends first
async def close_streams() -> None:
    """Send what is still unsent and release the connections. Called when the server stops."""
    if get_streams.cache_info().currsize:
        await get_streams().close()
        get_streams.cache_clear()
