"""How staff read actions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

Teller = Callable[[dict[str, Any]], list[str]]

_labels: dict[str, Any] = {}
_tellers: dict[str, Teller] = {}


def declare(labels: Mapping[str, Any]) -> None:
    """Declare how staff read actions: `app.verb` and what was done, as a short phrase (lazy translation). For an app's
    `trail.py`.

    Declaring an action twice is an error.
    """
    if twice := _labels.keys() & labels.keys():
        raise ValueError(f"Declared twice: {', '.join(sorted(twice))}.")
    _labels.update(labels)


def tell(tellers: Mapping[str, Teller]) -> None:
    """Declare how staff read the details of an action, for an app's `trail.py`: a teller is given `details`, written by whatever
    release, and returns short phrases in the active language. Without a teller, an action's details are not shown."""
    _tellers.update(tellers)


def declared() -> frozenset[str]:
    """Return the actions that have a label."""
    return frozenset(_labels)


def label_of(action: str) -> str:
    """Return what `action` means, in the active language. An action that no code records any more is shown as it is."""
    return str(_labels.get(action, action))


def details_of(action: str, details: dict[str, Any]) -> list[str]:
    """Return what staff may read of an entry's details, in the active language; nothing for an action without a teller."""
    teller = _tellers.get(action)
    return teller(details) if teller is not None else []
