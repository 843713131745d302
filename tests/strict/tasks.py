"""An asyncio task that outlives its test fails it: in the server such a task would outlive its socket."""

from __future__ import annotations

import asyncio
import functools
import inspect
from typing import Any

import pytest

GRACE_SECONDS = 0.5


class LeakedTask(AssertionError):
    """Tasks were started and neither ended nor cancelled."""


def watch(item: pytest.Function) -> None:
    """Make the coroutine test `item` fail if tasks it started still exist a moment after its end."""
    test = item.obj
    if not inspect.iscoroutinefunction(test):
        return

    @functools.wraps(test)
    async def watched(*args: Any, **kwargs: Any) -> None:
        before = asyncio.all_tasks()
        await test(*args, **kwargs)
        left = asyncio.all_tasks() - before
        if left:
            _, left = await asyncio.wait(left, timeout=GRACE_SECONDS)
        if left:
            names = ", ".join(sorted(task.get_coro().__qualname__ for task in left))  # type: ignore[union-attr]
            for task in left:
                task.cancel()
            raise LeakedTask(f"Still running after the test: {names}.")

    item.obj = watched
