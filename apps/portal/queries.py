"""What the home page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.access import home
from apps.access.enums import ProofState, StepState
from apps.access.home import Product, Stage
from apps.access.queries import Explanation, Item
from apps.accounts import organisation
from apps.core.dates import day

from . import words
from .enums import HomeState
from .navigation import has_staff_area
from .rights import Rights

if TYPE_CHECKING:
    from apps.accounts.models import User

WARN_BEFORE = timedelta(days=30)
CHARTER_MINUTES = 3
LAPSED = {ProofState.EXPIRED, ProofState.OUTDATED, ProofState.REVOKED}


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the path, as `components/path.html` draws it."""

    title: str
    meta: str
    state: str
    url: str | None = None
    value: int | None = None
    max: int | None = None


@dataclass(frozen=True, slots=True)
class Action:
    """The one thing to do next."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Proof:
    """What keeps the right open, and until when. `soon`: it ends within a month."""

    title: str
    meta: str
    url: str | None
    soon: bool


@dataclass(frozen=True, slots=True)
class Contact:
    """Whom to ask. `email` and `url` are empty if nobody has entered them."""

    name: str
    email: str
    url: str


@dataclass(frozen=True, slots=True)
class Home:
    """The home page of one person. Proofs are filled once the leading product is open; before that, `steps`, `action`, the
    `greeting` above the headline, `how_far` they are, and `contact`: where to ask."""

    state: HomeState
    headline: str
    lead: str
    steps: tuple[Step, ...] = ()
    action: Action | None = None
    warnings: tuple[Proof, ...] = ()
    proofs: tuple[Proof, ...] = ()
    filled: tuple[home.Filled, ...] = ()
    staff: bool = False
    greeting: str = ""
    how_far: str = ""
    contact: Contact | None = None

    @property
    def is_open(self) -> bool:
        return self.state is HomeState.OPEN

    @property
    def wide_cards(self) -> list[home.Filled]:
        return [card for card in self.filled if card.wide]

    @property
    def cards(self) -> list[home.Filled]:
        return [card for card in self.filled if not card.wide]


Explained = dict[Product, Explanation]


def home_for(user: User, rights: Rights | None = None) -> Home:
    """Return the home page of `user`, in a constant number of queries. `rights`: what was already read, for the page's frame.

    Raises LookupError when no product leads.
    """
    rights = rights or Rights(user)
    explained = {product: rights.explain(product.capability) for product in home.products()}
    leading = next((product for product in explained if product.words is not None), None)
    if leading is None:
        raise LookupError("No product has words for the home page.")
    staff = has_staff_area(user)
    if explained[leading].granted:
        return _open_home(user, leading, explained, rights, staff=staff)
    if not explained[leading].items:
        return Home(HomeState.UNSET, str(leading.unset), explained[leading].sentence, staff=staff)
    return _home_on_the_way(user, leading, explained, rights, staff=staff)


@dataclass(frozen=True, slots=True)
class _Missing:
    """Something still to be done, and how far it is, if something teaches it."""

    item: Item
    stage: Stage | None

    @property
    def remaining(self) -> Fraction:
        if self.item.training is None:
            return Fraction(0)
        return self.stage.remaining if self.stage else Fraction(1)

    @property
    def minutes(self) -> int:
        if self.item.training is None:
            return CHARTER_MINUTES
        return self.stage.minutes_left if self.stage else 0

    @property
    def started(self) -> bool:
        return self.stage is not None and self.stage.started


def _open_home(user: User, leading: Product, explained: Explained, rights: Rights, *, staff: bool) -> Home:
    soon = timezone.now() + WARN_BEFORE
    held = {product: explanation for product, explanation in explained.items() if explanation.granted}
    items = {item.label: item for explanation in held.values() for item in explanation.items}
    return Home(
        HomeState.OPEN,
        _("Hello %(name)s") % {"name": user.get_short_name()},
        str(leading.lead),
        warnings=tuple(
            Proof(_ends_soon(product, item.label, item.until), "", item.url, soon=True)
            for product, explanation in held.items()
            for item in explanation.items
            if item.until is not None and item.until <= soon
        ),
        proofs=tuple(_proof(item, soon) for item in items.values()),
        filled=tuple(home.cards_for(user, rights.has)),
        staff=staff,
    )


def _ends_soon(product: Product, title: str, until: datetime) -> str:
    return product.words.ends_soon(title, until) if product.words else words.ends_soon(title, until, what=str(product.step))


def _home_on_the_way(user: User, leading: Product, explained: Explained, rights: Rights, *, staff: bool) -> Home:
    explanation, speak, stages = explained[leading], leading.words, home.stages_of(user)
    assert speak is not None
    missing = [_Missing(item, _stage_of(item, stages)) for item in explanation.missing]
    # What was begun comes first; otherwise the order of the path decides.
    current = next((part for part in missing if part.started), missing[0])
    # Somebody who once had all proofs is renewing; one expired proof on the way to the first time is still "new".
    again = all(item.met or item.state in LAPSED for item in explanation.items)
    asked = sum(1 for item in explanation.items if item.training is not None)
    charter = any(item.training is None for item in explanation.items)
    left = [part for part in missing if part.item.training is not None]
    if again:
        headline = speak.way_back(len(left), charter=any(part.item.training is None for part in missing))
        lead = speak.why_again()
    else:
        headline = speak.way_to_it(sum((part.remaining for part in missing), Fraction(0)))
        lead = speak.what_opens(asked, charter=charter)
    minutes = sum(part.minutes for part in missing)
    whole = sum(_minutes_of(item, _stage_of(item, stages)) for item in explanation.items)
    lead = f"{lead} {words.how_long(minutes, started=any(part.started for part in missing))}".strip()
    return Home(
        HomeState.AGAIN if again else HomeState.NEW,
        headline,
        lead,
        steps=_path(explained, stages, current=current.item),
        action=_action(current),
        filled=tuple(home.cards_for(user, rights.has, on_the_way=True)),
        staff=staff,
        greeting=_("Hello %(name)s") % {"name": user.get_short_name()},
        how_far=words.how_far(len(explanation.items) - len(missing), len(explanation.items), left=minutes, whole=whole),
        contact=_contact(),
    )


def _contact() -> Contact | None:
    address, url = organisation.support_email(), organisation.current().ai_desk_url
    return Contact(organisation.filled("{{Ai_desk}}"), address, url) if address or url else None


def _minutes_of(item: Item, stage: Stage | None) -> int:
    return CHARTER_MINUTES if item.training is None else stage.minutes if stage else 0


def _path(explained: Explained, stages: dict[str, Stage], *, current: Item) -> tuple[Step, ...]:
    """Return what each product requires beyond those before it, and the product itself."""
    steps: list[Step] = []
    told: set[str] = set()
    for product, explanation in explained.items():
        if not explanation.items:
            continue  # nobody has set what it requires
        new = [item for item in explanation.items if item.label not in told]
        told |= {item.label for item in new}
        steps += [_step(item, _stage_of(item, stages), current=item is current) for item in new]
        state = StepState.DONE if explanation.granted else StepState.TODO
        steps.append(Step(str(product.step), "" if explanation.granted else _("Opens right after"), state.value))
    return tuple(steps)


def _stage_of(item: Item, stages: dict[str, Stage]) -> Stage | None:
    return stages.get(item.training.code) if item.training else None


def _step(item: Item, stage: Stage | None, *, current: bool) -> Step:
    if item.met:
        return Step(item.label, _done_meta(item), StepState.DONE.value, item.url)
    state = StepState.CURRENT if current else StepState.EXPIRED if item.state in LAPSED else StepState.TODO
    if stage is not None and stage.started:
        return Step(item.label, stage.meta, state.value, stage.url, value=stage.done, max=stage.parts)
    meta = _lapsed_meta(item)
    if not meta:
        meta = words.minutes(_minutes_of(item, stage))
    return Step(item.label, meta, state.value, item.url)


def _done_meta(item: Item) -> str:
    if item.state is ProofState.WAIVED and item.until:
        return _("Waived until %(date)s") % {"date": day(item.until)}
    sentence = _("Signed on %(date)s") if item.training is None else _("Passed on %(date)s")
    return sentence % {"date": _day(item.done_at)}


def _lapsed_meta(item: Item) -> str:
    if item.state is ProofState.EXPIRED and item.until:
        return _("Expired on %(date)s") % {"date": day(item.until)}
    return str(item.state.label) if item.state in LAPSED else ""


def _proof(item: Item, soon: datetime) -> Proof:
    if item.until is None or item.state is ProofState.WAIVED:
        meta = _done_meta(item)
    else:
        meta = _("Valid until %(date)s") % {"date": day(item.until)}
    title = item.label if item.training else _("AI charter")
    return Proof(title, meta, item.url, soon=item.until is not None and item.until <= soon)


def _action(current: _Missing) -> Action | None:
    item, stage = current.item, current.stage
    if item.training is None:
        return Action(_("Read and sign the charter"), item.url or reverse("access:charter"))
    if stage is None:
        return Action(words.start(item.label), item.url) if item.url else None
    if stage.started and stage.action:
        return Action(stage.action, stage.url)
    if item.state in LAPSED:
        return Action(_("Take “%(course)s” again") % {"course": stage.title}, stage.url)
    return Action(words.start(stage.title), stage.url)


def _day(moment: datetime | None) -> str:
    """The day of a proof: without the year if it is the current one."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return day(local, "j F" if local.year == timezone.localdate().year else "DATE_FORMAT")
