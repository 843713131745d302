from __future__ import annotations


class CannotServe(Exception):
    """Something prevents serving; the message is one sentence for the person who started it."""
