"""The places one can go to. Apps declare them in `AppConfig.ready()`; `portal` draws them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Place:
    """`url_name`: where it leads. `capability`: shown locked, with the reason, to who lacks it. `shown_to`: hidden from others.

    `area`: main, community, staff, or own: one's own things, found by searching and in the menu of one's name. `order`: within
    its area. `active_under`: URL namespaces that belong to it.
    """

    label: Any
    icon: str
    url_name: str
    area: str = "main"
    order: int = 100
    capability: str | None = None
    shown_to: Callable[[Any], bool] | None = None
    active_under: tuple[str, ...] = ()


_places: list[Place] = []


def declare(place: Place) -> None:
    _places.append(place)


def places(area: str) -> list[Place]:
    return sorted((place for place in _places if place.area == area), key=lambda place: place.order)
