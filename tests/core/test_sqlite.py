"""The writers of a process queue: each is woken when its turn comes, and none is left out."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from django.db import OperationalError, connection, transaction

from apps.core.models import Heartbeat

pytestmark = [
    pytest.mark.django_db(transaction=True),
    pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL has many writers at once."),
]


def started(work: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            work()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def beat(part: str) -> None:
    Heartbeat.objects.create(part=part)


def beat_in_transaction(part: str) -> None:
    with transaction.atomic():
        beat(part)


@pytest.mark.parametrize("write", [beat, beat_in_transaction])
def test_who_waits_is_woken_when_the_writer_ends(write: Callable[[str], None]) -> None:
    ended: list[float] = []

    def wait_and_write() -> None:
        write("second")
        ended.append(time.perf_counter())

    with transaction.atomic():
        beat("first")
        waiting = started(wait_and_write)
        time.sleep(0.2)  # by now SQLite's own waiting would sleep a tenth of a second at a time
        assert ended == []
    freed = time.perf_counter()
    waiting.join(5)
    assert Heartbeat.objects.count() == 2
    assert ended[0] - freed < 0.09


@pytest.mark.parametrize("how", ["rolled back", "closed"])
def test_a_writer_that_fails_leaves_the_queue(how: str) -> None:
    @transaction.atomic
    def fail() -> None:
        beat("first")
        if how == "closed":
            connection.close()
        raise ZeroDivisionError

    def try_it() -> None:
        with pytest.raises((ZeroDivisionError, OperationalError)):
            fail()

    started(try_it).join(5)
    second = started(lambda: beat("second"))
    second.join(2)
    assert not second.is_alive()
    assert [row.part for row in Heartbeat.objects.order_by("part")] == ["second"]


def test_readers_wait_for_nobody() -> None:
    seen: list[int] = []
    with transaction.atomic():
        beat("first")
        started(lambda: seen.append(Heartbeat.objects.count())).join(2)
        assert seen == [0]
