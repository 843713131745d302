"""What the command palette searches. Apps declare sources in `AppConfig.ready()`; the palette asks them all.

    search.declare(Source("courses", _("Courses"), find_courses, order=20))      # find_courses is in the app's search.py

A source returns only what the person may open: it gets the person, and nothing is filtered afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from .person import Person
from .text import folded

logger = logging.getLogger("almia.search")


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found. `meta`: where it is, in a few words."""

    label: str
    url: str
    icon: str = "file-text"
    meta: str = ""


@dataclass(frozen=True, slots=True)
class Partial:
    """What was found by a source that did not look everywhere: `note` tells the person where it did."""

    hits: Sequence[Hit]
    note: str


@dataclass(frozen=True, slots=True)
class Source:
    """`find(user, text, limit)` returns at most `limit` hits, best first, in a constant number of queries.

    `label`: the heading of its hits. `order`: their position. `when_empty`: also asked with an empty text, for suggestions.
    """

    code: str
    label: Any
    find: Callable[[Any, str, int], Sequence[Hit] | Partial]
    order: int = 100
    when_empty: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one source. `note`: where it looked, if that was not everywhere."""

    code: str
    label: str
    hits: tuple[Hit, ...]
    note: str = ""


_sources: dict[str, Source] = {}


def declare(source: Source) -> None:
    """Declare `source`. Declaring a code twice is an error."""
    if source.code in _sources:
        raise ValueError(f"Search source {source.code} is declared twice.")
    _sources[source.code] = source


def sources() -> list[Source]:
    return sorted(_sources.values(), key=lambda source: source.order)


def matcher(text: str) -> Callable[[str], bool]:
    """Return whether every word of `text` occurs somewhere in a title, whatever the accents and the case."""
    words = folded(text).split()

    def matches(title: str) -> bool:
        searched = folded(title)
        return all(word in searched for word in words)

    return matches


def find(person: Person, text: str, *, limit: int = 6) -> list[Group]:
    """Ask every source for `text`; return the groups that have something to show. A source that fails is logged and left out."""
    text = " ".join(text.split())
    groups = []
    for source in sources():
        if not text and not source.when_empty:
            continue
        try:
            found = source.find(person, text, limit)
        except Exception:  # one broken source must not stop people from finding their way around the portal
            logger.exception("Search source %s failed.", source.code)
            continue
        hits, note = (found.hits, found.note) if isinstance(found, Partial) else (found, "")
        if hits or note:
            groups.append(Group(source.code, str(source.label), tuple(hits[:limit]), note))
    return groups
