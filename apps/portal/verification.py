"""The verification of the audit trail, as its task runs it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.db import transaction

from apps.core import audit
from apps.core.models import AuditEntry

if TYPE_CHECKING:
    from apps.accounts.models import User

VERIFIED = "core.verify_audit"


def verify_audit(*, actor: User | None, asked_at: datetime | None = None) -> AuditEntry:
    """Chain what waits, walk the whole trail and record, in it, whether it is intact. Outside a transaction: it may take long.

    `asked_at`: when this verification first began; one that was interrupted does not walk again what it has walked.

    The entry says it in English, whatever the active language: `audit.read_problem` translates it for the reader.
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
