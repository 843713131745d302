"""What a personal token may be limited to. The apps that answer tokens declare their scopes in `AppConfig.ready()`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Scope:
    """`code`: the area, for example `chat`; `label`: what it allows, for the person (lazy translation); `order`: its position."""

    code: str
    label: Any
    order: int = 100


_scopes: dict[str, Scope] = {}


def declare(code: str, label: Any, *, order: int = 100) -> str:
    """Declare a scope and return its code. Declaring a code twice is an error."""
    if code in _scopes:
        raise ValueError(f"Scope {code} is declared twice.")
    _scopes[code] = Scope(code, label, order)
    return code


def all_scopes() -> list[Scope]:
    return sorted(_scopes.values(), key=lambda scope: scope.order)


def labels_of(codes: Iterable[str]) -> list[str]:
    """Return what `codes` allow, in the active language. A code that nobody declares any more is shown as it is."""
    return [str(_scopes[code].label) if code in _scopes else code for code in codes]


def unknown(codes: list[str]) -> list[str]:
    """Return those of `codes` that nobody has declared."""
    return [code for code in codes if code not in _scopes]
