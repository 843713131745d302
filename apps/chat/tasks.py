from __future__ import annotations

from apps.core import schedule

from . import services


@schedule.every(seconds=20)
def interrupt_lost_runs() -> None:
    services.interrupt_lost_runs()
