"""What apps above this one show about a person: on the person's own account page, and to staff on the person's page.

    panels.declare(Panel("account", "access/_my_proofs.html", my_proofs, order=20))      # in AppConfig.ready()

`context(about)` returns what the template needs, or None if there is nothing for this viewer. What several panels of a page
need is read once: `about.once(read)`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from .models import User

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class About:
    """Who looks (`viewer`) at whom (`person`). It lives as long as the page is being rendered."""

    viewer: User
    person: User
    _read: dict[Callable[[User], Any], Any] = field(default_factory=dict)

    def once(self, read: Callable[[User], T]) -> T:
        """Return what `read` returns for the person; it is called the first time only."""
        if read not in self._read:
            self._read[read] = read(self.person)
        found: T = self._read[read]
        return found


Context = Callable[[About], dict[str, Any] | None]


@dataclass(frozen=True)
class Panel:
    """`place`: `account` (one's own page) or `person` (the staff's). The template finds its context in `panel`."""

    place: str
    template: str
    context: Context
    order: int = 100


@dataclass(frozen=True, slots=True)
class Filled:
    template: str
    context: dict[str, Any]


_panels: list[Panel] = []


def declare(panel: Panel) -> None:
    _panels.append(panel)


def panels_for(place: str, *, viewer: User, person: User) -> list[Filled]:
    """Return what there is to show about `person` to `viewer` in `place`, in order."""
    declared = sorted((panel for panel in _panels if panel.place == place), key=lambda panel: panel.order)
    about = About(viewer, person)
    filled = ((panel, panel.context(about)) for panel in declared)
    return [Filled(panel.template, context) for panel, context in filled if context is not None]
