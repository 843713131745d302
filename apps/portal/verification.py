"""The verification of the audit trail, as its task runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction

from apps.core import audit
from apps.core.models import AuditEntry

if TYPE_CHECKING:
    from apps.accounts.models import User

VERIFIED = "core.verify_audit"


def verify_audit(*, actor: User | None) -> AuditEntry:
    """Walk the whole trail and write down, in the trail, whether it holds. Reads outside of a transaction: it may be long.

    The entry says it in English, whatever language is in force: `audit.read_problem` gives it back in a reader's.
    """
    problem = audit.verify()
    with transaction.atomic():
        return audit.record(
            actor=actor,
            action=VERIFIED,
            target="core.AuditEntry:all",
            details={"holds": problem is None, "problem": problem.written if problem else ""},
        )
