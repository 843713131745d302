"""What the command palette searches. Apps register sources in `AppConfig.ready()`; `portal` asks them all.

    search.register(Source("courses", _("Courses"), find_courses, order=20))

A source returns only what the person may open: it is asked with the person, and nothing is filtered afterwards.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from apps.accounts.models import User

logger = logging.getLogger("almia.search")


@dataclass(frozen=True, slots=True)
class Hit:
    """One thing found. `meta`: where it is, in a few words."""

    label: str
    url: str
    icon: str = "file-text"
    meta: str = ""


@dataclass(frozen=True, slots=True)
class Source:
    """`find(user, text, limit)` returns at most `limit` hits, best first, in a constant number of queries.

    `label`: the heading of its hits. `order`: where they stand. `when_empty`: also asked with an empty text, for proposals.
    """

    code: str
    label: Any
    find: Callable[[User, str, int], Sequence[Hit]]
    order: int = 100
    when_empty: bool = False


@dataclass(frozen=True, slots=True)
class Group:
    """The hits of one source."""

    code: str
    label: str
    hits: tuple[Hit, ...]


_sources: dict[str, Source] = {}


def register(source: Source) -> None:
    """Register `source`. Registering a code twice is an error."""
    if source.code in _sources:
        raise ValueError(f"Search source {source.code} is registered twice.")
    _sources[source.code] = source


def sources() -> list[Source]:
    return sorted(_sources.values(), key=lambda source: source.order)


def find(user: User, text: str, *, limit: int = 6) -> list[Group]:
    """Ask every source for `text`; return the groups that found something. A source that fails is logged and left out."""
    text = " ".join(text.split())
    groups = []
    for source in sources():
        if not text and not source.when_empty:
            continue
        try:
            hits = tuple(source.find(user, text, limit))[:limit]
        except Exception:  # one broken source must not take the way around the portal from people
            logger.exception("Search source %s failed.", source.code)
            continue
        if hits:
            groups.append(Group(source.code, str(source.label), hits))
    return groups
