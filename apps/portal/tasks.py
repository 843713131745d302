from __future__ import annotations

from datetime import datetime

from apps.accounts.models import User
from apps.core import outbox

from .verification import verify_audit


@outbox.task
def verify_audit_trail(*, actor_id: str, asked_at: str | None = None) -> None:
    """Verify the audit trail for `actor_id`, who asked for it. If it runs again, it continues where it stopped."""
    begun = datetime.fromisoformat(asked_at) if asked_at else None
    verify_audit(actor=User.objects.filter(pk=actor_id).first(), asked_at=begun)
