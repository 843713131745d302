from __future__ import annotations

from apps.accounts.models import User
from apps.core import outbox

from .verification import verify_audit


@outbox.task
def verify_audit_trail(*, actor_id: str) -> None:
    """Verify the audit trail for `actor_id`. Run twice, it verifies twice."""
    verify_audit(actor=User.objects.filter(pk=actor_id).first())
