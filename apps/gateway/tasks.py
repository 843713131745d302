from __future__ import annotations

from apps.core import schedule

from . import answers
from .services import add_up_usage


@schedule.every(seconds=3600)
def settle_ledger() -> None:
    add_up_usage()


@schedule.every(seconds=20)
def interrupt_lost_answers() -> None:
    """Answers whose process died are marked interrupted, with the text that was stored."""
    answers.interrupt_lost()
