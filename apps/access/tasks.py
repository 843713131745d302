from __future__ import annotations

from apps.core import schedule

from . import mail


@schedule.every(seconds=3600)
def remind_of_endings() -> None:
    """People are reminded of proofs that end soon."""
    mail.remind_of_endings()


@schedule.every(seconds=3600)
def tell_of_new_charter() -> None:
    """People are told that a charter they have not signed is in force."""
    mail.tell_of_new_charter()
