"""The portal's own writes: replaying background tasks, having the audit trail verified."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from apps.core import audit, outbox
from apps.core.enums import MessageState
from apps.core.models import OutboxMessage

from .tasks import verify_audit_trail

if TYPE_CHECKING:
    from apps.accounts.models import User


@transaction.atomic
def replay_task(*, message_id: uuid.UUID, actor: User) -> bool:
    """Give all attempts back to a background task that gave up; return whether there was one.

    Writes an audit entry; after commit the task is handed to the workers. A task that is not dead is left alone.
    """
    message = OutboxMessage.objects.select_for_update().filter(pk=message_id, state=MessageState.DEAD).first()
    if message is None:
        return False
    audit.record(actor=actor, action="core.replay_task", target=message, details={"task": message.task})
    outbox.replay(message=message)
    return True


@transaction.atomic
def request_audit_verification(*, actor: User) -> OutboxMessage:
    """Have the whole audit trail verified in the background; the result becomes an entry of the trail.

    One at a time: while a verification waits or runs, that one is returned.
    """
    waiting = pending_verification()
    return waiting or outbox.enqueue(verify_audit_trail, actor_id=str(actor.pk), asked_at=timezone.now().isoformat())


def pending_verification() -> OutboxMessage | None:
    """Return the verification that waits or runs, if any."""
    open_states = [MessageState.PENDING, MessageState.PUBLISHED]
    return OutboxMessage.objects.filter(task=outbox.task_name(verify_audit_trail), state__in=open_states).first()
