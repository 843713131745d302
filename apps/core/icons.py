"""The icons that exist: the symbols of static/icons.svg, which static/vendor/build_icons.py writes."""

from __future__ import annotations

import logging
import re
from functools import cache
from pathlib import Path

from django.contrib.staticfiles import finders

SPRITE = "icons.svg"
logger = logging.getLogger(__name__)


@cache
def names() -> frozenset[str]:
    """Return the names of all icons; the sprite is read once."""
    found = finders.find(SPRITE)
    return frozenset(re.findall(r'<symbol id="([^"]+)"', Path(found).read_text())) if found else frozenset()


def is_known(name: str) -> bool:
    """Whether there is an icon `name`. A missing one is logged; in tests it fails (tests/strict/icons.py)."""
    if name in names():
        return True
    unknown(name)
    return False


def unknown(name: str) -> None:
    """Report that a page asked for an icon that does not exist."""
    logger.error("There is no icon %r in %s.", name, SPRITE)
