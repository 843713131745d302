"""What there is to be entitled to. Products declare capabilities in their `AppConfig.ready()`; requirements are data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .models import Award


@dataclass(frozen=True)
class Capability:
    """`code`: `app.verb`; `label`: what it opens, as a noun phrase (lazy translation)."""

    code: str
    label: Any


_capabilities: dict[str, Capability] = {}
_training_links: list[Callable[[str], str | None]] = []
_certificate_links: list[Callable[[Award], str | None]] = []


def declare(code: str, label: Any) -> str:
    """Declare a capability and return its code. Declaring a code twice is an error."""
    if code in _capabilities:
        raise ValueError(f"Capability {code} is declared twice.")
    _capabilities[code] = Capability(code, label)
    return code


def get(code: str) -> Capability:
    """Return a declared capability. Raises LookupError: a misspelt code must never mean 'nothing required'."""
    try:
        return _capabilities[code]
    except KeyError:
        raise LookupError(f"Capability {code!r} is not declared.") from None


def all_capabilities() -> list[Capability]:
    return list(_capabilities.values())


def offer_training_link(link: Callable[[str], str | None]) -> None:
    """Tell where a training can be taken: `link(training_code)` returns a URL, or None where it is not offered."""
    _training_links.append(link)


def training_link(code: str) -> str | None:
    """Return where to take training `code`, if anything offers it."""
    return next((url for link in _training_links if (url := link(code))), None)


def offer_certificate_link(link: Callable[[Award], str | None]) -> None:
    """Tell where the certificate of an award is: `link(award)` returns a URL, or None where there is none. It must not query."""
    _certificate_links.append(link)


def certificate_link(award: Award) -> str | None:
    """Return where the certificate of `award` is, if anything offers one."""
    return next((url for link in _certificate_links if (url := link(award))), None)
