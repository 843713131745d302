from __future__ import annotations

from apps.core import schedule

from . import mail, services


@schedule.every(seconds=3600)
def enforce_redo_dates() -> None:
    """New major versions become required on the day after their `redo_by`."""
    services.enforce_redo_dates()


@schedule.every(seconds=3600)
def remind_of_courses_under_way() -> None:
    """People who stopped half way are reminded, once."""
    mail.remind_of_courses_under_way()
