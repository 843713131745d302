from __future__ import annotations

from apps.core import schedule

from . import services


@schedule.every(seconds=30)
def resume_imports() -> None:
    """What a worker that died left of an import is handed to another."""
    services.resume_imports()


@schedule.every(seconds=3600)
def forget_imports() -> None:
    """Files that nobody goes on with are removed, and in time the lines that were given back."""
    services.forget_imports()
