"""Primary keys for whatever a URL shows: UUIDv7, sortable by time and not guessable."""

from __future__ import annotations

import uuid

from uuid_utils.compat import uuid7 as _uuid7


def uuid7() -> uuid.UUID:
    """Return a new UUIDv7."""
    return _uuid7()
