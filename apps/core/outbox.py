"""Tasks that are never lost: a service writes an outbox message in its own transaction, a relay hands it to Celery.

    @outbox.task
    def send_welcome(*, user_id: str) -> None: ...      # in an app's tasks.py; safe to run twice

    outbox.enqueue(send_welcome, user_id=str(user.pk))  # in a service, inside its transaction

A task that raises is tried again later (`MAX_ATTEMPTS`, doubling pauses) and then rests as *dead* until somebody replays it.
"""

from __future__ import annotations

import logging
import traceback
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any, TypeVar

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from .enums import MessageState
from .models import OutboxMessage

logger = logging.getLogger("almia.outbox")

MAX_ATTEMPTS = 6
FIRST_PAUSE = timedelta(seconds=10)
LOST_AFTER = timedelta(minutes=15)  # handed over and never finished: longer than any task may run
KEEP_DONE = timedelta(days=7)

Task = TypeVar("Task", bound=Callable[..., None])
_tasks: dict[str, Callable[..., None]] = {}


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
        transaction.on_commit(lambda: _publish(message.pk))
    return message


def _publish(message_id: uuid.UUID) -> bool:
    from .tasks import run_message

    taken = OutboxMessage.objects.filter(pk=message_id, state=MessageState.PENDING).update(
        state=MessageState.PUBLISHED, published_at=timezone.now()
    )
    if not taken:
        return False
    try:
        run_message.apply_async(args=[str(message_id)], retry=False)
    except Exception as error:  # any broker failure: the relay tries again
        logger.warning("Broker not reached (%s); message %s waits for the relay.", type(error).__name__, message_id)
        OutboxMessage.objects.filter(pk=message_id).update(state=MessageState.PENDING)
        return False
    return True


def relay(limit: int = 200) -> int:
    """Hand over what is due and what was handed over but got lost; return how many. Called by beat."""
    now = timezone.now()
    OutboxMessage.objects.filter(state=MessageState.PUBLISHED, published_at__lt=now - LOST_AFTER).update(
        state=MessageState.PENDING
    )
    due = OutboxMessage.objects.filter(state=MessageState.PENDING, available_at__lte=now).order_by("available_at")
    return sum(_publish(pk) for pk in list(due.values_list("pk", flat=True)[:limit]))


def run(message_id: uuid.UUID) -> None:
    """Run the task of a message once, and write down how it ended. A finished or dead message does nothing."""
    message = OutboxMessage.objects.filter(pk=message_id).first()
    if message is None or message.state in {MessageState.DONE, MessageState.DEAD}:
        return
    try:
        _tasks[message.task](**message.arguments)
    except Exception as error:
        attempts = message.attempts + 1
        dead = attempts >= MAX_ATTEMPTS
        logger.exception("Task %s failed (attempt %s).", message.task, attempts)
        OutboxMessage.objects.filter(pk=message.pk).update(
            attempts=attempts,
            state=MessageState.DEAD if dead else MessageState.PENDING,
            available_at=timezone.now() + FIRST_PAUSE * 2 ** (attempts - 1),
            finished_at=timezone.now() if dead else None,
            last_error="".join(traceback.format_exception_only(error)).strip()[:2000],
        )
        return
    OutboxMessage.objects.filter(pk=message.pk).update(state=MessageState.DONE, finished_at=timezone.now(), last_error="")


def replay(*, message: OutboxMessage) -> None:
    """Give a dead message all its attempts again. Does nothing to a message that is not dead."""
    with transaction.atomic():
        revived = OutboxMessage.objects.filter(pk=message.pk, state=MessageState.DEAD).update(
            state=MessageState.PENDING, attempts=0, available_at=timezone.now(), finished_at=None
        )
        if revived:
            transaction.on_commit(lambda: _publish(message.pk))


def purge() -> int:
    """Delete messages done long ago; return how many."""
    old = timezone.now() - KEEP_DONE
    return OutboxMessage.objects.filter(Q(state=MessageState.DONE), finished_at__lt=old).delete()[0]
