"""The database from async code.

`channels.db.database_sync_to_async` runs everything on one shared thread, so twenty people wait for each other.
Here each operation runs on a thread of a small pool: at most `DB_CONCURRENCY` at once, the rest queue.
No connection is held between two operations, so none is held while a model streams.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import ParamSpec, TypeVar

from asgiref.sync import sync_to_async
from django.conf import settings
from django.db import connections

P = ParamSpec("P")
T = TypeVar("T")

_pool = ThreadPoolExecutor(max_workers=settings.DB_CONCURRENCY, thread_name_prefix="db")


def _operate(work: Callable[[], T]) -> T:
    for connection in connections.all(initialized_only=True):
        if connection.vendor != "sqlite" or connection.errors_occurred:
            connection.close_if_unusable_or_obsolete()
    try:
        return work()
    finally:
        for connection in connections.all(initialized_only=True):
            # A SQLite connection is a file handle of this pool's own thread and takes nobody's place; opening one
            # for each operation would cost more than most operations. A server's connection goes back to its pool.
            # In both cases, a connection that was left in the middle of a transaction is not reused by the next operation.
            if connection.vendor != "sqlite" or connection.in_atomic_block or not connection.autocommit:
                connection.close()


async def run(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run `work(*args, **kwargs)` on a database thread, in a copy of the caller's context, and return its result.

    The person's language and time zone are passed on; changes that `work` makes to them are not passed back.
    A cancelled caller does not interrupt the operation: a transaction that has begun runs to its end.
    """
    # asgiref moves Django's own context (language, time zone) to the thread; `Context.run` alone would leave it behind.
    operation = sync_to_async(_operate, thread_sensitive=False, executor=_pool, context=contextvars.copy_context())
    return await operation(partial(work, *args, **kwargs))
