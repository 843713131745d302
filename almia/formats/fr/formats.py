"""Dates as they are written in French; what is not here comes from Django's own French."""

from __future__ import annotations

DATETIME_FORMAT = r"j F Y \à H:i"
