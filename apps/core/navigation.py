"""The places one can go to, and the tabs of a place. Apps declare them in `AppConfig.ready()`; `portal` draws them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """`url_name`: where it leads. `capability`: people without it see it locked, with the reason. `shown_to`: hidden from others.

    `area`: main, community, staff, or own: a person's own things, found by searching and in the menu under their name. `group`:
    the places it is shown with, under the heading of `declare_group`; those without one come first. `order`: within its group.
    `active_under`: URL namespaces that belong to it. `bar`: its rank among those that compete for the four places in the phone's
    bottom bar; those without one come after them.
    """

    label: Any
    icon: str
    url_name: str
    area: str = "main"
    group: str = ""
    order: int = 100
    capability: str | None = None
    shown_to: Callable[[Any], bool] | None = None
    active_under: tuple[str, ...] = ()
    bar: int | None = None


@dataclass(frozen=True)
class Group:
    """Places that are shown together. `label`: their heading. `order`: among the groups of an area."""

    label: Any
    order: int = 100


@dataclass(frozen=True)
class Tab:
    """One of several pages side by side. `shown_to`: hidden from others. `waiting()`: how much is waiting there, shown if not
    zero; called once per page, one query, and only where the tab is drawn."""

    label: Any
    url_name: str
    shown_to: Callable[[Any], bool] | None = None
    waiting: Callable[[], int] | None = None


@dataclass(frozen=True)
class Tabs:
    """The tabs of one place. `label`: what their pages are about."""

    label: Any
    tabs: tuple[Tab, ...]


_places: list[Place] = []
_groups: dict[str, Group] = {"": Group("", order=0)}
_tabs: dict[str, Tabs] = {}


def declare(place: Place) -> None:
    _places.append(place)


def places(area: str) -> list[Place]:
    return sorted((place for place in _places if place.area == area), key=lambda place: place.order)


def declare_group(name: str, group: Group) -> None:
    """Declare the heading of the places with `group=name`. Apps above may add places to it."""
    _groups[name] = group


def group(name: str) -> Group:
    """Return the group declared as `name`. Raises KeyError."""
    return _groups[name]


def declare_tabs(name: str, label: Any, *tabs: Tab) -> None:
    """Declare the tabs that `{% tabs name %}` draws on each of their pages."""
    _tabs[name] = Tabs(label, tabs)


def tabs(name: str) -> Tabs:
    """Return the tabs declared under `name`. Raises KeyError."""
    return _tabs[name]
