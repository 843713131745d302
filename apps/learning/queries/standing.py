"""How far somebody is in the courses: the path of the home page, the catalogue, the API."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime
from fractions import Fraction
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.core.cache import cache
from django.db.models import Count, Exists, OuterRef, Q, Subquery
from django.urls import reverse
from django.utils import timezone

from apps.access.enums import StepState
from apps.access.models import Award, Waiver
from apps.access.proofs import Proofs, proofs_of
from apps.access.records import records_of
from apps.core.missing import get_or_not_there
from apps.learning import words
from apps.learning.enums import LearnerState
from apps.learning.models import Attempt, Course, Enrolment, Lesson, LessonProgress
from apps.learning.models.quiz import best_score
from apps.learning.policies import can_manage_courses, can_open_cycle

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.accounts.panels import About

COURSES_BY_TRAINING = "learning.courses-by-training"


@dataclass(frozen=True, slots=True)
class Standing:
    """One course on somebody's path.

    `state`: done (passed or waived, and it counts), expired (was passed once), current (the next one), todo.
    `url`: where to continue: the lesson (then `lesson_title` names it), the quiz, or the course page if it was not started.
    `minutes_left`: what is still to be read, plus the quiz. `until`: when the proof ends. `redo_by`: set when a new major version
    requires the course to be taken again by that day. `renewable`: it may be taken again now. `started`: a cycle is under way,
    the first or a later one. `module` of `modules`: where the person continues reading.
    """

    course: str
    training: str
    title: str
    summary: str
    version: str
    state: StepState
    minutes: int
    minutes_left: int
    lessons_done: int
    lessons_total: int
    module: int
    modules: int
    module_title: str
    lesson_title: str | None
    url: str
    course_url: str
    started: bool
    lessons_complete: bool
    attempt_open: bool
    cycle: int
    waived: bool
    renewable: bool
    done_at: datetime | None
    until: datetime | None
    redo_by: date | None

    @property
    def settled(self) -> bool:
        """Whether it is done, and not under way again."""
        return self.state is StepState.DONE and not self.started

    @property
    def invites(self) -> bool:
        """Whether the course should be taken now: it does not count yet, or soon no longer will."""
        return self.state is not StepState.DONE or self.redo_by is not None

    @property
    def may_start(self) -> bool:
        """Whether a cycle may be begun, the first or a later one."""
        return not self.started and (self.cycle == 0 or self.renewable)

    @property
    def in_words(self) -> str:
        return words.standing_in_words(self)

    @property
    def progress(self) -> Fraction:
        """How much of the course is done, from 0 to 1; the quiz counts like one lesson."""
        if self.settled:
            return Fraction(1)
        return Fraction(self.lessons_done, self.lessons_total + 1)

    @property
    def percent(self) -> int:
        return int(self.progress * 100)


@dataclass(slots=True)
class _Known:
    """What the queries returned for one course."""

    lessons: list[Lesson] = field(default_factory=list)
    enrolment: Enrolment | None = None
    done: set[int] = field(default_factory=set)
    open_attempt: UUID | None = None
    handed_in: int = 0
    best_score: int | None = None
    awards: list[Award] = field(default_factory=list)
    waiver: Waiver | None = None


@dataclass(frozen=True, slots=True)
class Progress:
    """A standing, with the attempts: `attempts` handed in over all cycles, `best_score` in per cent (None before the first)."""

    standing: Standing
    attempts: int
    best_score: int | None

    @property
    def state(self) -> LearnerState:
        """How staff see it."""
        if self.standing.state is StepState.DONE:
            return LearnerState.WAIVED if self.standing.waived else LearnerState.PASSED
        if self.standing.state is StepState.EXPIRED:
            return LearnerState.LAPSED
        return LearnerState.UNDER_WAY if self.standing.started else LearnerState.NOT_STARTED


def progress_for(user: User, *, proofs: Proofs | None = None) -> list[Progress]:
    """Return the path with the attempts at each course's quiz. As many queries as `path_for`."""
    courses = published_courses()
    known = _gather(user, courses, proofs)
    return [
        Progress(standing, known[standing.course].handed_in, known[standing.course].best_score)
        for standing in _path(courses, known)
    ]


def published_courses() -> list[Course]:
    """Return the courses that can be taken, in the order of the path."""
    return list(Course.objects.filter(current__isnull=False).select_related("current", "training").order_by("order", "code"))


def get_course(code: str) -> Course:
    """Return a course that can be taken. Raises NotThere."""
    return get_or_not_there(Course.objects.filter(current__isnull=False).select_related("current", "training"), code=code)


def path_for(user: User, *, course: str | None = None) -> list[Standing]:
    """Return `user`'s standing in each course, in order (only `course`, if given). Four queries, however many courses."""
    courses = published_courses()
    path = _path(courses, _gather(user, courses))
    return [standing for standing in path if course is None or standing.course == course]


def _path(courses: list[Course], known: dict[str, _Known]) -> list[Standing]:
    now = timezone.now()
    standings: list[Standing] = []
    is_next = True
    for entry in courses:
        standing = _standing_of(entry, known[entry.code], now, is_next=is_next)
        if standing.state is not StepState.DONE:
            is_next = False
        standings.append(standing)
    return standings


def valid_award(user: User, course: Course) -> Award | None:
    """Return the proof of the course's training that counts now: the highest major, then the one that lasts longest."""
    awards = Award.objects.valid().filter(user=user, training=course.training_id)
    return _best(awards)


def _best(awards: Iterable[Award]) -> Award | None:
    def rank(award: Award) -> tuple[int, bool, float]:
        return award.major, award.expires_at is None, award.expires_at.timestamp() if award.expires_at else 0.0

    return max(awards, key=rank, default=None)


def _gather(user: User, courses: list[Course], proofs: Proofs | None = None) -> dict[str, _Known]:
    """Return the data about each course. `proofs`: those of `user`, if they were read already."""
    known: dict[str, _Known] = {course.code: _Known() for course in courses}
    if not courses:
        return known
    attempts = Attempt.objects.filter(enrolment=OuterRef("pk"))
    enrolments = Enrolment.objects.filter(user=user.pk, course__in=known).annotate(
        open_attempt=Subquery(attempts.filter(submitted_at=None).values("pk")[:1]),
        handed_in=Count("attempts", filter=Q(attempts__submitted_at__isnull=False)),
        best=best_score("attempts__"),
    )
    for enrolment in enrolments.order_by("cycle"):
        entry = known[enrolment.course_id]
        entry.enrolment, entry.open_attempt = enrolment, enrolment.open_attempt
        entry.handed_in += enrolment.handed_in
        if enrolment.best is not None:
            entry.best_score = max(enrolment.best, entry.best_score or 0)
    latest = [entry.enrolment.pk for entry in known.values() if entry.enrolment is not None]
    finished = LessonProgress.objects.filter(lesson=OuterRef("pk"), enrolment__in=latest, done_at__isnull=False)
    lessons = Lesson.objects.live().select_related("module").annotate(is_done=Exists(finished))
    for lesson in lessons.only("code", "course_id", "minutes", "title_fr", "title_en", "module"):
        if lesson.course_id in known:
            known[lesson.course_id].lessons.append(lesson)
            if vars(lesson)["is_done"]:
                known[lesson.course_id].done.add(lesson.pk)
    by_training = defaultdict(list)
    for course in courses:
        by_training[course.training_id].append(known[course.code])
    proofs = proofs or proofs_of(user)
    for award in proofs.awards:
        for entry in by_training[award.training_id]:
            entry.awards.append(award)
    for waiver in sorted(proofs.waivers, key=lambda waiver: waiver.expires_at):
        for entry in by_training[waiver.training_id]:
            entry.waiver = waiver
    return known


def _standing_of(course: Course, known: _Known, now: datetime, *, is_next: bool) -> Standing:
    version, enrolment = course.published, known.enrolment
    award = _best(
        award for award in known.awards if award.revoked_at is None and (award.expires_at is None or award.expires_at > now)
    )
    outdated = award is not None and award.major < version.major
    overdue = outdated and version.redo_by is not None and version.redo_by < timezone.localdate()
    counts = (award is not None and not overdue) or known.waiver is not None
    is_open = enrolment is not None and enrolment.completed_at is None
    done = [lesson for lesson in known.lessons if lesson.pk in known.done] if is_open else []
    target = _resume_lesson(known) if is_open else None
    complete = is_open and len(done) == len(known.lessons) > 0
    if counts:
        state = StepState.DONE
    elif known.awards:
        state = StepState.EXPIRED
    else:
        state = StepState.CURRENT if is_next else StepState.TODO
    left = version.minutes - sum(lesson.minutes for lesson in done)
    modules = list(dict.fromkeys(lesson.module_id for lesson in known.lessons))
    return Standing(
        course=course.code,
        training=course.training_id,
        title=version.title,
        summary=version.summary,
        version=version.number,
        state=state,
        minutes=version.minutes,
        minutes_left=0 if counts and not is_open else max(left, 1),
        lessons_done=len(done),
        lessons_total=len(known.lessons),
        module=modules.index(target.module_id) + 1 if target else (len(modules) if complete else 1),
        modules=len(modules),
        module_title=target.module.title if target else "",
        lesson_title=target.title if target else None,
        url=_resume_url(course, known, target) if is_open else reverse("learning:course", args=[course.code]),
        course_url=reverse("learning:course", args=[course.code]),
        started=is_open,
        lessons_complete=complete,
        attempt_open=known.open_attempt is not None,
        cycle=enrolment.cycle if enrolment else 0,
        waived=award is None and known.waiver is not None,
        renewable=enrolment is not None and can_open_cycle(enrolment, award, version, now),
        done_at=award.awarded_at if award else None,
        until=award.expires_at if award else (known.waiver.expires_at if known.waiver else None),
        redo_by=version.redo_by if outdated else None,
    )


def _resume_lesson(known: _Known) -> Lesson | None:
    """Return the lesson that was last on the screen; if it is gone, the first one not done; None when all are done."""
    undone = [lesson for lesson in known.lessons if lesson.pk not in known.done]
    if not undone:
        return None
    assert known.enrolment is not None
    here = known.enrolment.current_lesson_id
    return next((lesson for lesson in known.lessons if lesson.pk == here), undone[0])


def _resume_url(course: Course, known: _Known, target: Lesson | None) -> str:
    if known.open_attempt is not None:
        return reverse("learning:attempt", args=[known.open_attempt])
    if target is not None:
        return reverse("learning:lesson", args=[course.code, target.code])
    return reverse("learning:quiz", args=[course.code])


def courses_panel(about: About) -> dict[str, Any] | None:
    """Return what a member of staff sees about a person's courses; None without the right to see them."""
    if not can_manage_courses(about.viewer):
        return None
    return {"progress": progress_for(about.person, proofs=about.once(records_of).proofs)}


def training_url(code: str) -> str | None:
    """Return where training `code` is taken: its course's page; or None. Every page asks, so it is cached."""
    courses: dict[str, str] | None = cache.get(COURSES_BY_TRAINING)
    if courses is None:
        found = Course.objects.filter(current__isnull=False).order_by("-order", "-code")
        courses = dict(found.values_list("training", "code"))
        cache.set(COURSES_BY_TRAINING, courses, 300)
    course = courses.get(code)
    return reverse("learning:course", args=[course]) if course else None
