from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from .preferences import theme_of


def preferences(request: HttpRequest) -> dict[str, Any]:
    """`theme`, for `data-theme` on `<html>`."""
    return {"theme": theme_of(request)}
