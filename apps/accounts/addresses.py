"""One spelling for an e-mail address, whatever door it comes through."""

from __future__ import annotations


def normal_email(text: str) -> str:
    """Return the address `text` as people are known by it."""
    return text.strip().lower()
