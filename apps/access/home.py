"""What the home page says about products: how people get there, what opens, and their cards once they are open.

    home.declare(Product("chat.use", step=_("Chat with the AI"), words=words, …))        # in AppConfig.ready()
    home.show(Card("chat/_home_recent.html", recent, capability="chat.use", order=10, styles=("chat",)))
    home.offer_stages(stages_for)                                                        # who teaches what is required

The page itself belongs to `portal`, which knows none of them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from apps.accounts.models import User


class Words(Protocol):
    """How a product speaks of the way to it: a module of functions will do. All in the active language."""

    def way_to_it(self, remaining: Fraction) -> str:
        """Return the headline for somebody who never had it and has `remaining` courses left (parts count), then the charter."""

    def way_back(self, courses: int, *, charter: bool) -> str:
        """Return the headline for somebody who had it and must renew `courses` whole courses, or only the charter."""

    def what_opens(self, courses: int, *, charter: bool) -> str:
        """Return what opens it: so many courses, and the charter."""

    def why_again(self) -> str:
        """Return what is kept until it opens again."""

    def ends_soon(self, title: str, until: datetime) -> str:
        """Return what happens when the proof `title` ends."""


@dataclass(frozen=True, slots=True, eq=False)
class Product:
    """Something a capability opens. Texts are lazy translations.

    `step`: the last step of the way to it. `order`: the first one that has `words` leads: the page's headline and its one button
    are about the way there. `unset`: the headline if nobody has set its requirements; `lead`: the text below the greeting
    once it is open. Both apply to the leading product only.
    """

    capability: str
    step: Any
    order: int = 100
    words: Words | None = None
    unset: Any = ""
    lead: Any = ""


@dataclass(frozen=True, slots=True)
class Stage:
    """How far somebody is on the way to one training.

    `remaining`: the part still to be done, from 1 to 0. `minutes`: the whole; `minutes_left`: the rest. `url`: where to continue;
    for somebody who has `started`, `action` is the button's text, `meta` where they are, and `done` of `parts` the bar.
    """

    title: str
    started: bool
    remaining: Fraction
    minutes: int
    minutes_left: int
    url: str
    action: str
    meta: str
    done: int
    parts: int


@dataclass(frozen=True, slots=True)
class Card:
    """A section of the home page. `context(user)` returns what the template finds in `card`, None if there is nothing to show.

    `capability`: shown to people who have it; None: to everybody who has the leading product. `wide`: above the columns.
    `on_the_way`: shown instead to people who have yet to get the leading product, below the path. `styles`: the sheets of
    static/css/pages that it needs besides the home page's own.
    """

    template: str
    context: Callable[[Any], dict[str, Any] | None]
    capability: str | None = None
    order: int = 100
    wide: bool = False
    on_the_way: bool = False
    styles: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Filled:
    template: str
    context: dict[str, Any]
    wide: bool


StageFinder = Callable[[Any], Mapping[str, Stage]]

_products: dict[str, Product] = {}
_cards: list[Card] = []
_finders: list[StageFinder] = []


def declare(product: Product) -> None:
    """Declare `product`. Declaring one for the same capability twice is an error."""
    if product.capability in _products:
        raise ValueError(f"The product of {product.capability} is declared twice.")
    _products[product.capability] = product


def products() -> list[Product]:
    return sorted(_products.values(), key=lambda product: product.order)


def show(card: Card) -> None:
    """Declare a card."""
    _cards.append(card)


def card_styles() -> list[str]:
    """Return the sheets that the cards need, each once: of all cards, as a card may come into the page when rights change."""
    return list(dict.fromkeys(name for card in _cards for name in card.styles))


def capabilities_asked() -> set[str]:
    """Return the capabilities that decide what the home page shows."""
    return {product.capability for product in _products.values()} | {card.capability for card in _cards if card.capability}


def cards_for(user: User, may: Callable[[str], bool], *, on_the_way: bool = False) -> list[Filled]:
    """Return the cards for `user`, in order. `may(capability)`: whether they have it. `on_the_way`: whether they
    have yet to get the leading product."""
    shown = [
        card
        for card in sorted(_cards, key=lambda card: card.order)
        if card.on_the_way == on_the_way and (card.capability is None or may(card.capability))
    ]
    filled = ((card, card.context(user)) for card in shown)
    return [Filled(card.template, context, card.wide) for card, context in filled if context is not None]


def offer_stages(find: StageFinder) -> None:
    """Say how far people are: `find(user)` returns a stage for each training that can be taken, by its code."""
    _finders.append(find)


def stages_of(user: User) -> dict[str, Stage]:
    """Return how far `user` is on the way to each training that is taught, by its code."""
    return {code: stage for find in _finders for code, stage in find(user).items()}
