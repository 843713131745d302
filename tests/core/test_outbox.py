"""Tasks that are never lost and never run away."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from itertools import pairwise

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.utils import timezone

from almia.celery import app
from apps.core import outbox
from apps.core.enums import MessageState
from apps.core.models import OutboxMessage

Calls = list[str]


@pytest.fixture
def calls(monkeypatch: pytest.MonkeyPatch) -> Calls:
    """What the tests' own tasks were called with; the tasks are removed afterwards."""
    monkeypatch.setattr(outbox, "_tasks", dict(outbox._tasks))
    monkeypatch.setattr(outbox, "_broker_away_until", 0.0)
    return []


@pytest.fixture
def note(calls: Calls) -> Callable[..., None]:
    def note(*, what: str) -> None:
        calls.append(what)

    return outbox.task(note)


@pytest.fixture
def stumble(calls: Calls) -> Callable[..., None]:
    def stumble(*, what: str) -> None:
        calls.append(what)
        raise ValueError(f"cannot {what}")

    return outbox.task(stumble)


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids handed to the broker, which does not pass them on."""
    ids: list[str] = []
    monkeypatch.setattr("apps.core.outbox.run_message.apply_async", lambda args, **_: ids.append(args[0]))
    return ids


@pytest.fixture
def broker_down(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(**_: object) -> None:
        raise ConnectionError("no broker")

    monkeypatch.setattr("apps.core.outbox.run_message.apply_async", lambda args, **_: refuse())


def state(message: OutboxMessage) -> str:
    message.refresh_from_db()
    return message.state


@pytest.mark.django_db(transaction=True)
def test_a_message_needs_a_transaction(note: Callable[..., None]) -> None:
    with pytest.raises(transaction.TransactionManagementError):
        outbox.enqueue(note, what="x")


@pytest.mark.django_db
def test_what_is_no_task_cannot_be_enqueued() -> None:
    with transaction.atomic(), pytest.raises(LookupError):
        outbox.enqueue(lambda: None)


@pytest.mark.django_db(transaction=True)
def test_a_rollback_leaves_nothing(note: Callable[..., None], sent: list[str]) -> None:
    with transaction.atomic():
        outbox.enqueue(note, what="x")
        transaction.set_rollback(True)
    assert not OutboxMessage.objects.exists()
    assert sent == []


@pytest.mark.django_db(transaction=True)
def test_is_handed_over_only_after_commit(note: Callable[..., None], sent: list[str]) -> None:
    with transaction.atomic():
        message = outbox.enqueue(note, what="x")
        assert sent == []
    assert sent == [str(message.pk)]
    assert state(message) == MessageState.PUBLISHED


@pytest.mark.django_db(transaction=True)
def test_runs_once_however_often_it_is_delivered(note: Callable[..., None], sent: list[str], calls: Calls) -> None:
    with transaction.atomic():
        message = outbox.enqueue(note, what="x")
    for _ in range(3):
        outbox.run(message.pk)
    assert calls == ["x"]
    assert state(message) == MessageState.DONE


@pytest.mark.django_db(transaction=True)
def test_two_workers_do_not_run_it_at_once(sent: list[str], calls: Calls) -> None:
    begun, go_on = threading.Event(), threading.Event()

    def slow(*, what: str) -> None:
        calls.append(what)
        begun.set()
        go_on.wait(5)

    outbox.task(slow)
    with transaction.atomic():
        message = outbox.enqueue(slow, what="x")

    def work() -> None:
        outbox.run(message.pk)
        connection.close()

    first = threading.Thread(target=work)
    first.start()
    assert begun.wait(5)
    outbox.run(message.pk)  # delivered again meanwhile
    go_on.set()
    first.join(5)
    assert calls == ["x"]
    assert state(message) == MessageState.DONE


@pytest.mark.django_db(transaction=True)
def test_a_broker_that_is_down_loses_nothing_and_delays_nobody(
    note: Callable[..., None], broker_down: None, monkeypatch: pytest.MonkeyPatch, calls: Calls
) -> None:
    with transaction.atomic():
        message = outbox.enqueue(note, what="x")
    assert state(message) == MessageState.PENDING
    tried: list[object] = []
    monkeypatch.setattr("apps.core.outbox.run_message.apply_async", lambda **options: tried.append(options))
    with transaction.atomic():
        second = outbox.enqueue(note, what="y")
    assert tried == [], "A broker that did not answer a moment ago is not asked again at once."
    monkeypatch.setattr(outbox, "_broker_away_until", 0.0)
    assert outbox.relay() == 2
    assert state(message) == state(second) == MessageState.PUBLISHED
    assert len(tried) == 2


@pytest.mark.django_db(transaction=True)
def test_a_redis_that_refuses_does_not_hold_up_the_request(note: Callable[..., None], caplog: pytest.LogCaptureFixture) -> None:
    """The real client with a port on which nobody listens."""
    kept = app.conf.broker_url, app.conf.broker_transport_options
    app.conf.broker_url = "redis://127.0.0.1:1/0"
    app.conf.broker_transport_options = settings.REDIS_BROKER_OPTIONS
    app.pool.force_close_all()
    app.amqp.__dict__.pop("_producer_pool", None)
    try:
        began = timezone.now()
        with transaction.atomic():
            message = outbox.enqueue(note, what="x")
        assert timezone.now() - began < timedelta(seconds=3)
        assert state(message) == MessageState.PENDING
        assert "Broker not reached" in caplog.text
    finally:
        app.conf.broker_url, app.conf.broker_transport_options = kept
        app.pool.force_close_all()
        app.amqp.__dict__.pop("_producer_pool", None)


@pytest.mark.django_db(transaction=True)
def test_a_delayed_message_waits_for_its_time(note: Callable[..., None], sent: list[str]) -> None:
    with transaction.atomic():
        message = outbox.enqueue(note, delay=timedelta(minutes=5), what="x")
    assert outbox.relay() == 0
    OutboxMessage.objects.filter(pk=message.pk).update(available_at=timezone.now())
    assert outbox.relay() == 1
    assert sent == [str(message.pk)]


@pytest.mark.django_db(transaction=True)
def test_failures_are_tried_again_with_longer_pauses_and_then_rest(
    stumble: Callable[..., None], sent: list[str], calls: Calls
) -> None:
    with transaction.atomic():
        message = outbox.enqueue(stumble, what="jump")
    pauses = []
    for attempt in range(1, outbox.MAX_ATTEMPTS + 1):
        outbox.run(message.pk)
        message.refresh_from_db()
        assert message.attempts == attempt
        assert "cannot jump" in message.last_error
        pauses.append(message.available_at - timezone.now())
    assert message.state == MessageState.DEAD
    assert message.finished_at is not None
    assert all(later > earlier for earlier, later in pairwise(pauses))
    outbox.run(message.pk)
    assert len(calls) == outbox.MAX_ATTEMPTS
    OutboxMessage.objects.update(available_at=timezone.now() - timedelta(days=1))
    assert outbox.relay() == 0, "What rests is not handed over."


@pytest.mark.django_db(transaction=True)
def test_a_dead_message_can_be_replayed(stumble: Callable[..., None], sent: list[str], calls: Calls) -> None:
    with transaction.atomic():
        message = outbox.enqueue(stumble, what="jump")
    OutboxMessage.objects.update(state=MessageState.DEAD, attempts=outbox.MAX_ATTEMPTS)
    message.refresh_from_db()
    outbox.replay(message=message)
    message.refresh_from_db()
    assert (message.state, message.attempts) == (MessageState.PUBLISHED, 0)
    assert sent == [str(message.pk)] * 2
    outbox.replay(message=message)
    assert len(sent) == 2, "Replaying what is not dead does nothing."


@pytest.mark.django_db(transaction=True)
def test_a_task_that_kills_its_worker_comes_to_rest(note: Callable[..., None], sent: list[str]) -> None:
    with transaction.atomic():
        message = outbox.enqueue(note, what="x")
    for attempt in range(1, outbox.MAX_ATTEMPTS + 1):
        OutboxMessage.objects.update(
            state=MessageState.PUBLISHED, started_at=timezone.now() - outbox.LOST_AFTER - timedelta(minutes=1)
        )
        outbox.relay()
        message.refresh_from_db()
        assert message.attempts == attempt
    assert message.state == MessageState.DEAD
    assert "worker" in message.last_error


@pytest.mark.django_db(transaction=True)
def test_what_the_broker_forgot_is_handed_over_again_without_counting(note: Callable[..., None], sent: list[str]) -> None:
    with transaction.atomic():
        message = outbox.enqueue(note, what="x")
    OutboxMessage.objects.update(published_at=timezone.now() - outbox.UNSTARTED_AFTER - timedelta(minutes=1))
    assert outbox.relay() == 1
    message.refresh_from_db()
    assert (message.state, message.attempts) == (MessageState.PUBLISHED, 0)
    assert sent == [str(message.pk)] * 2


@pytest.mark.django_db(transaction=True)
def test_a_task_that_is_no_longer_there_ends_among_the_dead(note: Callable[..., None], sent: list[str]) -> None:
    with transaction.atomic():
        message = outbox.enqueue(note, what="x")
    OutboxMessage.objects.update(task="core.gone")
    for _ in range(outbox.MAX_ATTEMPTS):
        outbox.run(message.pk)
    assert state(message) == MessageState.DEAD


@pytest.mark.django_db
def test_old_messages_that_are_done_are_cleared_and_dead_ones_kept() -> None:
    long_ago = timezone.now() - timedelta(days=30)
    OutboxMessage.objects.create(task="a", state=MessageState.DONE, finished_at=long_ago)
    dead = OutboxMessage.objects.create(task="b", state=MessageState.DEAD, finished_at=long_ago)
    recent = OutboxMessage.objects.create(task="c", state=MessageState.DONE, finished_at=timezone.now())
    outbox.purge()
    assert set(OutboxMessage.objects.values_list("pk", flat=True)) == {dead.pk, recent.pk}
