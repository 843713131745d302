"""Tasks that are never lost: a service writes an outbox message in its own transaction, a relay hands it to Celery.

    @outbox.task
    def send_welcome(*, user_id: str) -> None: ...      # in an app's tasks.py; safe to run twice

    outbox.enqueue(send_welcome, user_id=str(user.pk))  # in a service, inside its transaction

A task that raises is tried again later (`MAX_ATTEMPTS`, doubling pauses); then it stays *dead* until somebody replays it.
"""

from __future__ import annotations

import logging
import time
import traceback
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from celery import shared_task
from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from .enums import MessageState
from .models import OutboxMessage

logger = logging.getLogger("almia.outbox")

MAX_ATTEMPTS = 6
FIRST_PAUSE = timedelta(seconds=10)
LOST_AFTER = timedelta(minutes=15)  # started and never finished: longer than any task may run
UNSTARTED_AFTER = timedelta(hours=1)  # handed over and never started
BROKER_PAUSE_SECONDS = 10.0
KEEP_DONE = timedelta(days=7)

Task = TypeVar("Task", bound=Callable[..., None])
_tasks: dict[str, Callable[..., None]] = {}
_broker_away_until = 0.0


def task(function: Task) -> Task:
    """Register `function` as a task named `<app>.<function>`. It takes keyword arguments of JSON values (ids)."""
    name = task_name(function)
    if name in _tasks:
        raise ValueError(f"Task {name} is registered twice.")
    _tasks[name] = function
    return function


def task_name(function: Callable[..., None]) -> str:
    """Return the stable name of a task: its app and its own name."""
    app = function.__module__.removeprefix("apps.").split(".")[0]
    return f"{app}.{function.__name__}"


def enqueue(function: Callable[..., None], *, delay: timedelta | None = None, **arguments: Any) -> OutboxMessage:
    """Write a message for `function` in the caller's transaction; hand it over when that commits."""
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("An outbox message belongs in the transaction that asks for it.")
    name = task_name(function)
    if name not in _tasks:
        raise LookupError(f"{name} is not a registered task.")
    message = OutboxMessage.objects.create(task=name, arguments=arguments, available_at=timezone.now() + (delay or timedelta()))
    if delay is None:
        transaction.on_commit(lambda: _publish(message.pk), robust=True)
    return message


def _publish(message_id: uuid.UUID) -> bool:
    global _broker_away_until
    if time.monotonic() < _broker_away_until:
        return False  # somebody who saves something now does not wait for a broker that did not answer a moment ago
    taken = OutboxMessage.objects.filter(pk=message_id, state=MessageState.PENDING).update(
        state=MessageState.PUBLISHED, published_at=timezone.now(), started_at=None
    )
    if not taken:
        return False
    try:
        run_message.apply_async(args=[str(message_id)], retry=False)
    except Exception as error:  # any broker failure: the relay tries again
        logger.warning("Broker not reached (%s); message %s waits for the relay.", type(error).__name__, message_id)
        OutboxMessage.objects.filter(pk=message_id, state=MessageState.PUBLISHED).update(state=MessageState.PENDING)
        _broker_away_until = time.monotonic() + BROKER_PAUSE_SECONDS
        return False
    return True


def relay(limit: int = 200) -> int:
    """Hand over what is due, and again what was handed over but got lost; return how many. Called by beat."""
    now = timezone.now()
    published = OutboxMessage.objects.filter(state=MessageState.PUBLISHED)
    # Handed over and never started: the broker has forgotten it, or its queue is very long; running it twice does no harm.
    published.filter(started_at=None, published_at__lt=now - UNSTARTED_AFTER).update(state=MessageState.PENDING)
    # Started and never finished: its worker died. A task that kills its worker every time must be given up as well.
    for message in published.filter(started_at__lt=now - LOST_AFTER).order_by("started_at")[:limit]:
        _failed(message, "The worker ended while it ran this task.")
    due = OutboxMessage.objects.filter(state=MessageState.PENDING, available_at__lte=now).order_by("available_at")
    return sum(_publish(pk) for pk in list(due.values_list("pk", flat=True)[:limit]))


@shared_task(name="core.run_message")
def run_message(message_id: str) -> None:
    """The Celery task behind every message."""
    run(uuid.UUID(message_id))


def run(message_id: uuid.UUID) -> None:
    """Run the task of a message, and store how it ended. Does nothing if it has ended or is already being run."""
    now = timezone.now()
    # Claimed by one statement: a message delivered twice is run by whoever comes first.
    waiting = OutboxMessage.objects.filter(pk=message_id, state__in=[MessageState.PENDING, MessageState.PUBLISHED])
    if not waiting.filter(Q(started_at=None) | Q(started_at__lt=now - LOST_AFTER)).update(started_at=now):
        return
    message = OutboxMessage.objects.get(pk=message_id)
    try:
        _tasks[message.task](**message.arguments)
    except Exception as error:
        logger.exception("Task %s failed (attempt %s).", message.task, message.attempts + 1)
        _failed(message, "".join(traceback.format_exception_only(error)).strip())
        return
    OutboxMessage.objects.filter(pk=message.pk).update(state=MessageState.DONE, finished_at=timezone.now(), last_error="")


def _failed(message: OutboxMessage, reason: str) -> None:
    """Count a failed attempt, and schedule another or give up."""
    attempts = message.attempts + 1
    dead = attempts >= MAX_ATTEMPTS
    # Filtered by what was read: if two see the same failure, it is counted once.
    OutboxMessage.objects.filter(pk=message.pk, attempts=message.attempts).exclude(state=MessageState.DONE).update(
        attempts=attempts,
        state=MessageState.DEAD if dead else MessageState.PENDING,
        available_at=timezone.now() + FIRST_PAUSE * 2 ** (attempts - 1),
        started_at=None,
        finished_at=timezone.now() if dead else None,
        last_error=reason[:2000],
    )


def replay(*, message: OutboxMessage) -> None:
    """Give a dead message all its attempts again. Does nothing if the message is not dead."""
    with transaction.atomic():
        revived = OutboxMessage.objects.filter(pk=message.pk, state=MessageState.DEAD).update(
            state=MessageState.PENDING, attempts=0, available_at=timezone.now(), started_at=None, finished_at=None
        )
        if revived:
            transaction.on_commit(lambda: _publish(message.pk), robust=True)


def purge() -> int:
    """Delete messages done long ago; return how many."""
    old = timezone.now() - KEEP_DONE
    return OutboxMessage.objects.filter(Q(state=MessageState.DONE), finished_at__lt=old).delete()[0]
