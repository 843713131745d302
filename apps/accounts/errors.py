from __future__ import annotations

from apps.core.refusals import Refusal


class AccountError(Refusal):
    """Something about an account cannot be done."""
