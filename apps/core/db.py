"""The database from async code.

`channels.db.database_sync_to_async` runs everything on one shared thread, so twenty people wait for each other.
Here each operation runs on a thread of a small pool: at most `DB_CONCURRENCY` at once, the rest queue.
No connection is held between two operations, so none is held while a model streams.
"""

from __future__ import annotations

import asyncio
import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from django.conf import settings
from django.db import close_old_connections, connections

P = ParamSpec("P")
T = TypeVar("T")

_pool = ThreadPoolExecutor(max_workers=settings.DB_CONCURRENCY, thread_name_prefix="db")


def _operate(work: Callable[[], T]) -> T:
    close_old_connections()
    try:
        return work()
    finally:
        for connection in connections.all(initialized_only=True):
            # A SQLite connection is a file handle of this pool's own thread and takes nobody's place; opening one
            # for each operation would cost more than most operations. A server's connection goes back to its pool.
            if connection.vendor != "sqlite" or connection.needs_rollback:
                connection.close()


async def run(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work(*args, **kwargs)` on a database thread, in a copy of the caller's context, and return its result.

    A cancelled caller does not interrupt the operation: a transaction that has begun ends by itself.
    """
    context = contextvars.copy_context()
    call = partial(context.run, _operate, partial(work, *args, **kwargs))
    return await asyncio.get_running_loop().run_in_executor(_pool, call)
