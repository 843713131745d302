from __future__ import annotations

from enum import Enum


class HomeState(Enum):
    """What the home page is for, for one person at one moment."""

    NEW = "new"  # on the way to the first conversation
    AGAIN = "again"  # had the right once: something must be renewed
    OPEN = "open"
    UNSET = "unset"  # nobody has set what the right requires
