"""The portal's own writes: background tasks given another chance, the audit trail verified."""

from __future__ import annotations

import uuid
from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from apps.core import audit, outbox
from apps.core.enums import MessageState
from apps.core.models import AuditEntry, OutboxMessage

if TYPE_CHECKING:
    from apps.accounts.models import User

VERIFIED = "core.verify_audit"


@transaction.atomic
def replay_task(*, message_id: uuid.UUID, actor: User) -> bool:
    """Give a background task that gave up all its attempts again; return whether there was one.

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
    """Have the whole audit trail verified in the background; its result is an entry of the trail.

    One at a time: while a verification waits or runs, that one is returned.
    """
    from .tasks import verify_audit_trail

    waiting = pending_verification()
    return waiting or outbox.enqueue(verify_audit_trail, actor_id=str(actor.pk), asked_at=timezone.now().isoformat())


def pending_verification() -> OutboxMessage | None:
    """Return the verification that waits or runs, if any."""
    from .tasks import verify_audit_trail

    open_states = [MessageState.PENDING, MessageState.PUBLISHED]
    return OutboxMessage.objects.filter(task=outbox.task_name(verify_audit_trail), state__in=open_states).first()


def verify_audit(*, actor: User | None, asked_at: datetime | None = None) -> AuditEntry:
    """Chain what waits, walk the whole trail and write down, in it, whether it holds. Outside of a transaction: it may be long.

    `asked_at`: when this verification was first begun; one that was interrupted does not walk again what it has walked.

    The entry says it in English, whatever language is in force: `audit.read_problem` gives it back in a reader's.
    """
    audit.chain()
    problem = audit.verify(verified_since=asked_at)
    with transaction.atomic():
        return audit.record(
            actor=actor,
            action=VERIFIED,
            target="core.AuditEntry:all",
            details={"holds": problem is None, "problem": problem.written if problem else ""},
        )
