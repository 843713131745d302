"""Dates as they are written in French; what is not here is Django's own French."""

from __future__ import annotations

DATETIME_FORMAT = r"j F Y \à H:i"
