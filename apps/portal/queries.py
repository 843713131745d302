"""What the home page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from apps.access.enums import ProofState
from apps.access.queries import Explanation, Item, explain

from . import words
from .enums import HomeState, StepState
from .navigation import has_staff_area

if TYPE_CHECKING:
    from apps.accounts.models import User

CHAT = "chat.use"
WARN_BEFORE = timedelta(days=30)
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
    """The one thing to do."""

    label: str
    url: str


@dataclass(frozen=True, slots=True)
class Expiry:
    """A proof that ends soon."""

    text: str
    url: str | None


@dataclass(frozen=True, slots=True)
class Home:
    """The home page of one person."""

    state: HomeState
    headline: str
    lead: str
    steps: tuple[Step, ...]
    action: Action | None
    warnings: tuple[Expiry, ...]
    staff: bool

    @property
    def is_open(self) -> bool:
        return self.state is HomeState.OPEN


def home_for(user: User) -> Home:
    """Return the home page of `user`, in a constant number of queries."""
    explanation = explain(user, CHAT)
    state = _state(explanation)
    return Home(
        state=state,
        headline=_headline(user, state, explanation),
        lead=_lead(state, explanation),
        steps=() if state is HomeState.UNSET else _steps(explanation),
        action=_action(state, explanation),
        warnings=_warnings(explanation) if state is HomeState.OPEN else (),
        staff=has_staff_area(user),
    )


def _state(explanation: Explanation) -> HomeState:
    if explanation.granted:
        return HomeState.OPEN
    if not explanation.items:
        return HomeState.UNSET
    # Somebody whose proofs have all been there once is renewing; one expired proof on the way to the first is still "new".
    had_all = all(item.met or item.state in LAPSED for item in explanation.items)
    return HomeState.AGAIN if had_all else HomeState.NEW


def _remaining(explanation: Explanation) -> Fraction:
    return Fraction(sum(1 for item in explanation.missing if item.training is not None))


def _headline(user: User, state: HomeState, explanation: Explanation) -> str:
    if state is HomeState.OPEN:
        return _("Hello %(name)s") % {"name": user.get_short_name()}
    if state is HomeState.UNSET:
        return _("Chat is not open yet")
    if state is HomeState.AGAIN:
        courses = sum(1 for item in explanation.missing if item.training is not None)
        charter = any(item.training is None for item in explanation.missing)
        return words.way_back(courses, charter=charter)
    return words.way_to_first_conversation(_remaining(explanation))


def _lead(state: HomeState, explanation: Explanation) -> str:
    if state is HomeState.OPEN:
        return _("What are you working on?")
    if state is HomeState.UNSET:
        return explanation.sentence
    if state is HomeState.AGAIN:
        return _("What you had proved has an end. Your conversations are kept and open again as soon as this is done.")
    return _("Courses and a charter open the way to AI. It opens the moment the last one is done.")


def _steps(explanation: Explanation) -> tuple[Step, ...]:
    current = explanation.next_step
    steps = [_step(item, current=item is current) for item in explanation.items]
    steps.append(
        Step(
            title=_("Chat with AI"),
            meta=_("It is open") if explanation.granted else _("Opens right after"),
            state=(StepState.CURRENT if explanation.granted else StepState.TODO).value,
            url=_optional("chat:index") if explanation.granted else None,
        )
    )
    return tuple(steps)


def _step(item: Item, *, current: bool) -> Step:
    state = StepState.DONE if item.met else StepState.TODO
    if current:
        state = StepState.CURRENT
    elif item.state in LAPSED:
        state = StepState.EXPIRED
    return Step(title=item.label, meta=_meta(item), state=state.value, url=item.url)


def _meta(item: Item) -> str:
    done_on = date_format(item.done_at, "j F") if item.done_at else ""
    if item.state is ProofState.MET:
        sentence = _("Signed on %(date)s") if item.training is None else _("Passed on %(date)s")
        return sentence % {"date": done_on}
    if item.state is ProofState.WAIVED and item.until:
        return _("Waived until %(date)s") % {"date": date_format(item.until, "j F Y")}
    if item.state is ProofState.EXPIRED and item.until:
        return _("Expired on %(date)s") % {"date": date_format(item.until, "j F Y")}
    return "" if item.state is ProofState.MISSING else str(item.state.label)


def _action(state: HomeState, explanation: Explanation) -> Action | None:
    item = explanation.next_step
    if state in {HomeState.OPEN, HomeState.UNSET} or item is None or item.url is None:
        return None
    if item.training is None:
        return Action(_("Read and sign the charter"), item.url)
    if item.state in LAPSED:
        return Action(_("Take “%(course)s” again") % {"course": item.label}, item.url)
    return Action(_("Start “%(course)s”") % {"course": item.label}, item.url)


def _warnings(explanation: Explanation) -> tuple[Expiry, ...]:
    soon = timezone.now() + WARN_BEFORE
    return tuple(
        Expiry(
            text=_("“%(course)s” is valid until %(date)s. Chat closes on that day unless you take it again before.")
            % {"course": item.label, "date": date_format(item.until, "j F Y")},
            url=item.url,
        )
        for item in explanation.items
        if item.met and item.until is not None and item.until <= soon
    )


def _optional(name: str) -> str | None:
    try:
        return reverse(name)
    except NoReverseMatch:
        return None
