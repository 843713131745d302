"""The places of `core.navigation`, as one person sees them: what is hidden, what is locked and why, and where the person is."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from django.urls import NoReverseMatch, ResolverMatch, reverse

from apps.access.queries import Explanation
from apps.core.navigation import Place, group, places

from .rights import AREAS, STAFF, Rights

if TYPE_CHECKING:
    from apps.accounts.models import User

BAR_PLACES = 4


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry of the navigation. `reason`: why it is locked. `badge`: a count, when there is one to show."""

    label: str
    url: str
    icon: str
    active: bool = False
    locked: bool = False
    reason: str = ""
    badge: int | None = None


@dataclass(frozen=True, slots=True)
class Section:
    """Entries that are shown together."""

    label: str
    items: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Position:
    """Where the person is: a path and the view behind it."""

    path: str
    match: ResolverMatch | None


@dataclass(frozen=True, slots=True)
class Bar:
    """The bottom bar of a phone: at most four places. `elsewhere`: the current page belongs to none of them."""

    items: tuple[Entry, ...]
    elsewhere: bool


@dataclass(frozen=True, slots=True)
class Navigation:
    """Everything around a page."""

    sections: tuple[Section, ...]
    staff: tuple[Section, ...]
    bar: Bar

    @property
    def entries(self) -> list[Entry]:
        """All entries, staff included."""
        return [entry for section in (*self.sections, *self.staff) for entry in section.items]


def has_staff_area(user: User) -> bool:
    """Whether any staff place other than the overview is open to `user`."""
    return any(place.shown_to(user) for place in places(STAFF) if place.shown_to and place.shown_to is not has_staff_area)


def navigation_for(user: User, position: Position, rights: Rights | None = None) -> Navigation:
    """Return what `user` may see of the places, with one query for rights (none if `rights` were read before) and one for
    permissions."""
    rights = rights or Rights(user)
    shown = {area: [place for place in places(area) if _is_shown(place, user)] for area in (*AREAS, STAFF)}
    urls = {place: url for area in shown.values() for place in area if (url := _address(place))}
    explanations = {place.capability: rights.explain(place.capability) for place in urls if place.capability}
    here = _place_at(position, urls)
    entry = partial(_entry, urls=urls, explanations=explanations, here=here)
    entries = {place: entry(place) for found in shown.values() for place in found if place in urls}
    wanted = [place for area in AREAS for place in shown[area] if place in urls]
    wanted.sort(key=lambda place: (place.bar is None, place.bar or 0))
    bar = wanted[:BAR_PLACES]
    return Navigation(
        sections=tuple(section for area in AREAS for section in _grouped(shown[area], entries)),
        staff=tuple(_grouped(shown[STAFF], entries)),
        bar=Bar(tuple(entries[place] for place in bar), elsewhere=here is not None and here not in bar),
    )


def _grouped(found: list[Place], entries: dict[Place, Entry]) -> Iterator[Section]:
    """Yield the places of one area, group by group; those without a heading come first."""
    there = [place for place in found if place in entries]
    for name in sorted({place.group for place in there}, key=lambda name: (group(name).order, name)):
        yield Section(str(group(name).label), tuple(entries[place] for place in there if place.group == name))


def _is_shown(place: Place, user: User) -> bool:
    if place.shown_to is None:
        return place.area != STAFF  # a staff place that does not say whom it is for is for nobody
    return place.shown_to(user)


def _address(place: Place) -> str | None:
    # The navigation shows only what works: a place whose page does not exist is left out.
    try:
        return reverse(place.url_name)
    except NoReverseMatch:
        return None


def _entry(place: Place, *, urls: dict[Place, str], explanations: dict[str, Explanation], here: Place | None) -> Entry:
    explanation = explanations.get(place.capability or "")
    return Entry(
        label=str(place.label),
        url=urls[place],
        icon=place.icon,
        active=place is here,
        locked=explanation is not None and not explanation.granted,
        reason=explanation.sentence if explanation else "",
    )


def _place_at(position: Position, urls: dict[Place, str]) -> Place | None:
    """Return the place the person is at: by its own view, else by the longest address above theirs, else by its namespace."""
    match = position.match

    def nearness(place: Place) -> tuple[int, int]:
        url = urls[place]
        if match is not None and match.view_name in {place.url_name, *place.active_under}:
            return 3, 0
        if url != "/" and position.path.startswith(url if url.endswith("/") else f"{url}/"):
            return 2, len(url)
        if match is not None and set(match.namespaces) & set(place.active_under):
            return 1, 0
        return 0, 0

    nearest = max(urls, key=nearness, default=None)
    return nearest if nearest is not None and nearness(nearest) > (0, 0) else None
