"""A made-up past: people, what they learnt and what they used, for the demo world and for benchmarks.

Each app writes the chapter about what it owns and declares it in `AppConfig.ready()`. The same size and seed give the same
people, scores and figures; only keys differ.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from pathlib import Path
from random import Random

from django.db import transaction
from django.utils import timezone

WEEKEND = 5  # Saturday, as date.weekday() counts
MONTH = timedelta(days=30)
DEMO_PEOPLE, DEMO_MONTHS = 300, 6


@dataclass(frozen=True)
class Past:
    """How much is to be written. `people`: how many there are in all; `until`: when it ends."""

    people: int
    months: int
    until: datetime
    seed: str = "almia"

    @property
    def start(self) -> datetime:
        return self.until - self.months * MONTH

    def random(self, part: str, who: str = "") -> Random:
        """Return the random generator of one chapter, or of one person in it: what others draw does not affect it.

        Since it is drawn for each person, a chapter that is written again gives everybody the same fate.
        """
        return Random(f"{self.seed}:{part}:{who}")  # noqa: S311  nothing secret is drawn

    def days(self, since: datetime | None = None) -> Iterator[date]:
        """Yield the working days from `since` (the start) until yesterday."""
        day, last = timezone.localdate(since or self.start), timezone.localdate(self.until)
        while day < last:
            if day.weekday() < WEEKEND:
                yield day
            day += timedelta(days=1)

    def at_work(self, moment: datetime, chance: Random) -> datetime:
        """Return a moment of office hours on the day of `moment`, or on the next working day; never after the end."""
        day = timezone.localdate(moment)
        while day.weekday() >= WEEKEND:
            day += timedelta(days=1)
        return min(at(day, chance), self.until)


def at(day: date, chance: Random) -> datetime:
    """Return a moment of office hours on `day`."""
    hour = chance.choice((8, 9, 9, 10, 10, 11, 11, 13, 14, 14, 15, 15, 16, 17))
    return timezone.make_aware(datetime.combine(day, time(hour, chance.randrange(60), chance.randrange(60))))


@dataclass(frozen=True, slots=True)
class Chapter:
    """`write` adds an app's part of a past and returns how many rows it wrote; chapters come in `order`."""

    name: str
    write: Callable[[Past], int]
    order: int


_chapters: dict[str, Chapter] = {}


def declare(chapter: Chapter) -> None:
    """Add a chapter. Call it in `AppConfig.ready()`. Declaring a name twice is an error."""
    if chapter.name in _chapters:
        raise ValueError(f"The chapter {chapter.name} is declared twice.")
    _chapters[chapter.name] = chapter


def chapters() -> list[Chapter]:
    return sorted(_chapters.values(), key=lambda chapter: chapter.order)


def write(past: Past, *, tell: Callable[[str, int], object] = lambda name, rows: None) -> None:
    """Write every chapter of `past`, all or nothing; `tell` is called after each with its name and its rows."""
    with transaction.atomic():
        for chapter in chapters():
            tell(chapter.name, chapter.write(past))


def load() -> None:
    """Write the past of the demo world. Safe to repeat."""
    write(Past(people=DEMO_PEOPLE, months=DEMO_MONTHS, until=timezone.now()))


def sources() -> list[Path]:
    """Return the files that pasts are made from."""
    return list(Path(__file__).parents[1].glob("*/past*.py"))
