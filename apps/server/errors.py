from __future__ import annotations


class CannotServe(Exception):
    """Something is in the way of serving; the message is one sentence for the person who started it."""
