from __future__ import annotations


class AccountError(ValueError):
    """Something about an account cannot be done; the message is a sentence for the person."""
