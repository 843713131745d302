"""How staff read actions."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_labels: dict[str, Any] = {}


def declare(labels: Mapping[str, Any]) -> None:
    """Tell how staff read actions: `app.verb` and what was done, as a short phrase (lazy translation). For an app's `trail.py`.

    Declaring an action twice is an error.
    """
    if twice := _labels.keys() & labels.keys():
        raise ValueError(f"Declared twice: {', '.join(sorted(twice))}.")
    _labels.update(labels)


def declared() -> frozenset[str]:
    """Return the actions that have a label."""
    return frozenset(_labels)


def label_of(action: str) -> str:
    """Return what `action` means, in the language in force. One that no code records any more stands for itself."""
    return str(_labels.get(action, action))
