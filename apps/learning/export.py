"""People's progress as a CSV file, written while it is sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any

from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.core import db
from apps.core.tables import csv_line

from .queries.figures import LearnerRow, learner_rows, learners

if TYPE_CHECKING:
    from .models import Course

CHUNK = 500


def _header() -> list[str]:
    return [
        _("Name"), _("E-mail address"), _("Entity"), _("Department"), _("State"), _("Lessons done"), _("Lessons"),
        _("Attempts"), _("Best score (%)"), _("Completed on"), _("Valid until"), _("Last active on"),
    ]  # fmt: skip


def _cells(row: LearnerRow) -> list[object]:
    person = row.person
    days = (row.completed_at, row.until, row.active_at)
    return [
        person.get_full_name(),
        person.email,
        person.entity or "",
        person.department or "",
        row.state.label,
        row.lessons_done,
        row.lessons_total,
        row.attempts,
        row.best_score,
        *(timezone.localtime(day).date().isoformat() if day else "" for day in days),
    ]


def _chunk(course: Course, criteria: dict[str, Any], start: int, language: str) -> tuple[str, int]:
    with translation.override(language):
        people = list(learners(course, **criteria).order_by("last_name", "first_name", "email", "pk")[start : start + CHUNK])
        lines = "".join(csv_line(_cells(row), language) for row in learner_rows(course, people))
    return lines, len(people)


async def progress_csv(course: Course, criteria: dict[str, Any], language: str) -> AsyncIterator[bytes]:
    """Yield the file in pieces of `CHUNK` people; no database connection is held between two pieces."""
    with translation.override(language):
        header = csv_line(_header(), language)
    yield ("\ufeff" + header).encode()
    start = 0
    while True:
        lines, count = await db.run(_chunk, course, criteria, start, language)
        if count:
            yield lines.encode()
        if count < CHUNK:
            return
        start += count
