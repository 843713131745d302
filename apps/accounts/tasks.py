from __future__ import annotations

from apps.core import schedule

from . import services


@schedule.every(seconds=30)
def resume_imports() -> None:
    """Hands what a dead worker left of an import to another."""
    services.resume_imports()


@schedule.every(seconds=3600)
def forget_imports() -> None:
    """Deletes files that nobody went on with and, in time, the lines that were given back."""
    services.forget_imports()
