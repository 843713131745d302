"""What the home page shows of the chat once it is open: a place to write, and the latest conversations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .queries import recent_for

if TYPE_CHECKING:
    from apps.accounts.models import User

RECENT = 5


def composer(user: User) -> dict[str, Any]:
    """It needs no data."""
    return {}


def recent(user: User) -> dict[str, Any]:
    """Return the latest conversations of `user`. Two queries."""
    return {"recent": recent_for(user, RECENT)}
