from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from django.template import engines
from django.utils import timezone, translation

from apps.core.dates import day


@pytest.mark.parametrize(
    ("language", "value", "form", "words"),
    [
        ("fr", date(2026, 12, 1), "DATE_FORMAT", "1er décembre 2026"),
        ("fr", date(2026, 12, 2), "DATE_FORMAT", "2 décembre 2026"),
        ("fr", date(2026, 12, 11), "DATE_FORMAT", "11 décembre 2026"),
        ("fr", date(2026, 12, 1), "j F", "1er décembre"),
        ("en", date(2026, 12, 1), "DATE_FORMAT", "1 December 2026"),
    ],
)
def test_days_in_words(language: str, value: date, form: str, words: str) -> None:
    with translation.override(language):
        assert day(value, form) == words


def test_a_moment_falls_on_the_readers_day() -> None:
    last_minute = datetime(2026, 11, 30, 23, 30, tzinfo=UTC)
    with translation.override("fr"), timezone.override("Europe/Paris"):
        assert day(last_minute) == "1er décembre 2026"
        assert day(last_minute, "DATETIME_FORMAT") == "1er décembre 2026 à 00:30"


def test_pages_say_it_too() -> None:
    page = engines["django"].from_string("{{ some|day }}|{{ none|day }}")
    with translation.override("fr"):
        assert page.render({"some": date(2026, 5, 1), "none": None}) == "1er mai 2026|"
