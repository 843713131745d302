"""Database work from async code: side by side, in the caller's context, and without holding connections."""

from __future__ import annotations

import asyncio
import contextvars
import threading
import time

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import translation

from apps.accounts.models import User
from apps.core import db
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db(transaction=True)


async def test_twenty_operations_do_not_wait_for_each_other() -> None:
    most, now, lock = 0, 0, threading.Lock()

    def operation() -> None:
        nonlocal most, now
        with lock:
            now += 1
            most = max(most, now)
        time.sleep(0.1)
        with lock:
            now -= 1

    started = time.monotonic()
    await asyncio.gather(*(db.run(operation) for _ in range(20)))
    # One after the other would be 2.0 s.
    assert time.monotonic() - started < 1.0
    assert 1 < most <= settings.DB_CONCURRENCY


async def test_the_loop_stays_free_meanwhile() -> None:
    work = asyncio.create_task(db.run(time.sleep, 0.5))
    for _ in range(10):
        await asyncio.sleep(0.01)
    assert not work.done()
    await work


async def test_reads_and_writes() -> None:
    user = await db.run(UserFactory)
    assert await db.run(User.objects.filter(pk=user.pk).count) == 1


async def test_arguments_results_and_errors_pass_through() -> None:
    assert await db.run(divmod, 7, 2) == (3, 1)
    assert await db.run(sorted, [1, 2], reverse=True) == [2, 1]
    with pytest.raises(ZeroDivisionError):
        await db.run(lambda: 1 // 0)


async def test_language_and_context_are_the_callers() -> None:
    variable: contextvars.ContextVar[str] = contextvars.ContextVar("variable", default="none")
    variable.set("the caller's")

    def look() -> tuple[str | None, str]:
        seen = (translation.get_language(), variable.get())
        translation.activate("fr")
        variable.set("changed on the thread")
        return seen

    with translation.override("en"):
        assert await db.run(look) == ("en", "the caller's")
        assert translation.get_language() == "en"
    assert variable.get() == "the caller's"
    with translation.override("fr"):
        seen = await asyncio.gather(*(db.run(translation.get_language) for _ in range(20)))
    assert set(seen) == {"fr"}, "No thread keeps the language of an earlier operation."


async def test_a_failed_transaction_is_not_met_by_the_next_operation() -> None:
    def half_way() -> None:
        transaction.set_autocommit(False)
        User.objects.create(email="half@alcyon.example")
        raise RuntimeError

    for _ in range(settings.DB_CONCURRENCY * 2):
        with pytest.raises(RuntimeError):
            await db.run(half_way)
    assert await db.run(User.objects.filter(email="half@alcyon.example").count) == 0
    assert await asyncio.gather(*(db.run(connection.get_autocommit) for _ in range(20))) == [True] * 20


async def test_no_connection_of_a_database_server_is_held_between_operations() -> None:
    barrier = threading.Barrier(settings.DB_CONCURRENCY)

    def operation() -> None:
        User.objects.count()
        barrier.wait(5)

    await asyncio.gather(*(db.run(operation) for _ in range(settings.DB_CONCURRENCY)))

    def is_open() -> bool:
        barrier.wait(5)  # each thread of the pool answers for itself
        return connection.connection is not None

    held = await asyncio.gather(*(db.run(is_open) for _ in range(settings.DB_CONCURRENCY)))
    # SQLite's is a file handle of the thread; it takes nobody's place.
    assert any(held) == (connection.vendor == "sqlite")


async def test_a_cancelled_caller_leaves_a_whole_transaction_behind() -> None:
    begun = threading.Event()

    def slow_write() -> None:
        with transaction.atomic():
            User.objects.create(email="whole@alcyon.example")
            begun.set()
            time.sleep(0.2)

    task = asyncio.create_task(db.run(slow_write))
    assert await asyncio.to_thread(begun.wait, 5)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    await asyncio.sleep(0.5)
    assert await db.run(User.objects.filter(email="whole@alcyon.example").count) == 1
