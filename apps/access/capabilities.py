"""What people can be entitled to. Products declare capabilities in their `AppConfig.ready()`; requirements are data."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .models import Award

CertificateFinder = Callable[[Sequence["Award"]], Mapping[uuid.UUID, str]]


@dataclass(frozen=True)
class Capability:
    """`code`: `app.verb`; `label`: what it opens, as a noun phrase (lazy translation)."""

    code: str
    label: Any


_capabilities: dict[str, Capability] = {}
_training_links: list[Callable[[str], str | None]] = []
_certificate_finders: list[CertificateFinder] = []


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
    """Say where a training can be taken: `link(training_code)` returns a URL, or None if it is not offered."""
    _training_links.append(link)


def training_link(code: str) -> str | None:
    """Return where to take training `code`, if anything offers it."""
    return next((url for link in _training_links if (url := link(code))), None)


def offer_certificates(find: CertificateFinder) -> None:
    """Say where certificates are: `find(awards)` returns the URL of each award that has one, by the award's id."""
    _certificate_finders.append(find)


def certificate_links(awards: Sequence[Award]) -> dict[uuid.UUID, str]:
    """Return where the certificates of `awards` are, for those that have one. One query for each app that offers any."""
    return {pk: url for find in _certificate_finders for pk, url in find(awards).items()}
