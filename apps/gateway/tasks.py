from __future__ import annotations

from apps.core import schedule

from .services import add_up_usage


@schedule.every(seconds=3600)
def settle_ledger() -> None:
    add_up_usage()
