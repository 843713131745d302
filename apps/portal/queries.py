"""What the home page shows."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.access.enums import ProofState
from apps.access.queries import Explanation, Item
from apps.chat.queries import Heading, recent_for
from apps.core.dates import day
from apps.learning.queries import Step as Course
from apps.learning.queries import path_for

from . import words
from .enums import HomeState, StepState
from .navigation import has_staff_area
from .rights import Rights

if TYPE_CHECKING:
    from apps.accounts.models import User

CHAT = "chat.use"
WARN_BEFORE = timedelta(days=30)
CHARTER_MINUTES = 3
RECENT = 5
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
class Proof:
    """What keeps the right open, and until when. `soon`: it ends within a month."""

    title: str
    meta: str
    url: str | None
    soon: bool


@dataclass(frozen=True, slots=True)
class Home:
    """The home page of one person. `proofs` and `recent` are filled once the chat is open, `steps` and `action` before."""

    state: HomeState
    headline: str
    lead: str
    steps: tuple[Step, ...] = ()
    action: Action | None = None
    warnings: tuple[Proof, ...] = ()
    proofs: tuple[Proof, ...] = ()
    recent: tuple[Heading, ...] = ()
    staff: bool = False

    @property
    def is_open(self) -> bool:
        return self.state is HomeState.OPEN


def home_for(user: User, rights: Rights | None = None) -> Home:
    """Return the home page of `user`, in a constant number of queries. `rights`: what is read already, for the page's frame."""
    explanation = (rights or Rights(user)).explain(CHAT)
    staff = has_staff_area(user)
    if explanation.granted:
        return _open_home(user, explanation, staff=staff)
    if not explanation.items:
        return Home(HomeState.UNSET, _("Chat is not open yet"), explanation.sentence, staff=staff)
    courses = {course.training: course for course in path_for(user)}
    missing = [_Missing(item, courses.get(item.training.code) if item.training else None) for item in explanation.missing]
    return _home_on_the_way(explanation, courses, missing, staff=staff)


@dataclass(frozen=True, slots=True)
class _Missing:
    """Something still to be done, and the course that proves it, if one does."""

    item: Item
    course: Course | None

    @property
    def remaining(self) -> Fraction:
        if self.item.training is None:
            return Fraction(0)
        return 1 - self.course.progress if self.course else Fraction(1)

    @property
    def minutes(self) -> int:
        if self.item.training is None:
            return CHARTER_MINUTES
        return self.course.minutes_left if self.course else 0

    @property
    def started(self) -> bool:
        return self.course is not None and self.course.started


def _open_home(user: User, explanation: Explanation, *, staff: bool) -> Home:
    soon = timezone.now() + WARN_BEFORE
    proofs = tuple(_proof(item, soon) for item in explanation.items)
    return Home(
        HomeState.OPEN,
        _("Hello %(name)s") % {"name": user.get_short_name()},
        _("What are you working on?"),
        warnings=tuple(
            Proof(words.ends_soon(item.label, item.until), "", item.url, soon=True)
            for item in explanation.items
            if item.until is not None and item.until <= soon
        ),
        proofs=proofs,
        recent=tuple(recent_for(user, RECENT)),
        staff=staff,
    )


def _home_on_the_way(explanation: Explanation, courses: dict[str, Course], missing: list[_Missing], *, staff: bool) -> Home:
    # What was begun is gone on with first; otherwise the order of the path decides.
    current = next((part for part in missing if part.started), missing[0])
    # Somebody whose proofs have all been there once is renewing; one expired proof on the way to the first is still "new".
    again = all(item.met or item.state in LAPSED for item in explanation.items)
    asked = sum(1 for item in explanation.items if item.training is not None)
    charter = any(item.training is None for item in explanation.items)
    left = [part for part in missing if part.item.training is not None]
    if again:
        headline = words.way_back(len(left), charter=any(part.item.training is None for part in missing))
        lead = words.why_again()
    else:
        headline = words.way_to_first_conversation(sum((part.remaining for part in missing), Fraction(0)))
        lead = words.what_opens(asked, charter=charter)
    minutes = sum(part.minutes for part in missing)
    lead = f"{lead} {words.how_long(minutes, started=any(part.started for part in missing))}".strip()
    steps = [
        _step(item, courses.get(item.training.code) if item.training else None, current=item is current.item)
        for item in explanation.items
    ]
    steps.append(Step(_("Chat with the AI"), _("Opens right after"), StepState.TODO.value))
    return Home(
        HomeState.AGAIN if again else HomeState.NEW,
        headline,
        lead,
        steps=tuple(steps),
        action=_action(current),
        staff=staff,
    )


def _step(item: Item, course: Course | None, *, current: bool) -> Step:
    if item.met:
        return Step(item.label, _done_meta(item), StepState.DONE.value, item.url)
    state = StepState.CURRENT if current else StepState.EXPIRED if item.state in LAPSED else StepState.TODO
    if course is not None and course.started:
        return Step(
            item.label,
            words.where_in_course(course.module, course.modules, course.minutes_left, only_quiz=course.lessons_complete),
            state.value,
            course.url,
            value=course.lessons_done,
            max=course.lessons_total + 1,  # the quiz counts like a lesson
        )
    meta = _lapsed_meta(item)
    if not meta:
        minutes = CHARTER_MINUTES if item.training is None else course.minutes if course else 0
        meta = words.minutes(minutes)
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
    item, course = current.item, current.course
    if item.training is None:
        return Action(_("Read and sign the charter"), item.url or reverse("access:charter"))
    if course is None:
        return Action(words.start(item.label), item.url) if item.url else None
    if course.attempt_open:
        return Action(_("Go on with the quiz of “%(course)s”") % {"course": course.title}, course.url)
    if course.lessons_complete:
        return Action(_("Take the quiz of “%(course)s”") % {"course": course.title}, course.url)
    if course.started and course.lesson_title:
        return Action(_("Resume “%(lesson)s”") % {"lesson": course.lesson_title}, course.url)
    if item.state in LAPSED:
        return Action(_("Take “%(course)s” again") % {"course": course.title}, course.url)
    return Action(words.start(course.title), course.url)


def _day(moment: datetime | None) -> str:
    """The day of a proof: without the year while it is this one."""
    if moment is None:
        return ""
    local = timezone.localtime(moment)
    return day(local, "j F" if local.year == timezone.localdate().year else "DATE_FORMAT")
