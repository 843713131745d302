"""An icon that does not exist fails. In production it is an empty place, and an error in the log."""

from __future__ import annotations

import pytest

from apps.core import icons

in_production = icons.unknown


class UnknownIcon(AssertionError):
    """A page asks for an icon that is not in the sprite."""


def fail(name: str) -> None:
    raise UnknownIcon(name)


def install(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(icons, "unknown", fail)
