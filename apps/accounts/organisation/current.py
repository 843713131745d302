"""The organisation as this process knows it: read again after `ORGANISATION_SECONDS`, however often it is shown."""

from __future__ import annotations

import time

from django.conf import settings

from .model import Organisation

_known: tuple[float, Organisation] | None = None  # when it was read, and what was read


def current() -> Organisation:
    """Return the organisation, read-only: the one that staff entered, or an empty one. At most one query."""
    global _known
    known, now = _known, time.monotonic()
    if known is None or now - known[0] >= settings.ORGANISATION_SECONDS:
        _known = known = now, Organisation.objects.filter(pk=1).first() or Organisation()
    return known[1]


def forget(*, in_favour_of: Organisation | None = None) -> None:
    """Have this process read the organisation again, or use `in_favour_of` as if it had just been read."""
    global _known
    _known = None if in_favour_of is None else (time.monotonic(), in_favour_of)


def support_email() -> str:
    """Return whom e-mails and pages tell people to write to: the AI desk, else `ALMIA_SUPPORT_EMAIL`; empty if none is set."""
    return current().ai_desk_email or str(settings.SUPPORT_EMAIL)
