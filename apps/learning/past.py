"""What people learnt in a made-up past: enrolments, lessons, checks, quizzes handed in, certificates."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from random import Random
from typing import Any
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from apps.access.enums import AwardSource
from apps.access.models import Award
from apps.accounts.models import User
from apps.accounts.past import made_up_people
from apps.core import sql
from apps.core.ids import uuid7
from apps.core.past import Past

from .content import QuestionContent
from .enums import QuestionKind, QuestionUse
from .grading import draw, passes
from .models import (
    Attempt,
    Certificate,
    CheckAnswer,
    Course,
    CourseVersion,
    Enrolment,
    Lesson,
    LessonProgress,
    Question,
    Response,
)

# How far people have come at the end, in courses finished (the last one is "all of them"), and how many in a hundred.
FATES = {"not begun": 14, "begun": 11, "one": 10, "two": 7, "all": 58}
QUIZZES = 120  # drawn for each course; several people get the same
SURE = 0.93  # of the answers of somebody who knows the course
UNSURE = 0.74  # of those who hand in too early
HASTY = 0.18  # of the first attempts
COLLECTED = (Enrolment, LessonProgress, CheckAnswer, Attempt, Response, Award, Certificate)
COLUMNS = {
    Enrolment: ["id", "user_id", "course_id", "current_lesson_id", "started_at", "active_at", "completed_at"],
    LessonProgress: ["enrolment_id", "lesson_id", "seen_at", "done_at"],
    CheckAnswer: ["enrolment_id", "lesson_id", "question_id", "answer", "correct", "answered_at"],
    Attempt: [
        *("id", "enrolment_id", "version_id", "number", "seed", "started_at", "submitted_at", "total", "correct", "passed"),
    ],
    Response: ["attempt_id", "position", "question_id", "answer", "answered_at", "correct"],
    Award: ["id", "user_id", "training_id", "major", "awarded_at", "expires_at", "source", "evidence"],
    Certificate: ["attempt_id", "award_id", "holder", "language", "issued_at", "mailed_at"],
}


@dataclass(frozen=True)
class Taught:
    """A course in its current version, with quizzes that were drawn from it."""

    course: Course
    lessons: list[Lesson]
    bank: list[Question]

    @property
    def version(self) -> CourseVersion:
        return self.course.published

    @cached_property
    def quizzes(self) -> list[tuple[str, list[Question]]]:
        seeds = [f"{number:016x}" for number in range(QUIZZES)]
        return [(seed, draw(self.bank, count=self.version.draw, seed=seed)) for seed in seeds]

    @cached_property
    def answers(self) -> dict[int, tuple[Any, Any]]:
        """A right and a wrong answer to each question, checks included."""
        checks = [lesson.check_question for lesson in self.lessons if lesson.check_question is not None]
        return {question.pk: (right(question.body), wrong(question.body)) for question in [*self.bank, *checks]}


def right(question: QuestionContent) -> Any:
    if question.kind == QuestionKind.CLASSIFY:
        return {item.id: item.category for item in question.items}
    return sorted(choice.id for choice in question.choices if choice.correct)


def wrong(question: QuestionContent) -> Any:
    """Return the most frequent mistake: the first wrong choice, or everything in one category."""
    if question.kind == QuestionKind.CLASSIFY:
        first = question.categories[0].id
        other = question.categories[-1].id
        same = {item.id: first for item in question.items}
        return same if same != right(question) else {item.id: other for item in question.items}
    return [next(choice.id for choice in question.choices if not choice.correct)]


@dataclass
class Rows:
    """Rows by table, written in the order of `COLLECTED` when there are many, so that memory stays small."""

    count: int = 0
    waiting: dict[type[Any], list[tuple[Any, ...]]] = field(default_factory=lambda: {model: [] for model in COLLECTED})

    def add(self, model: type[Any], *values: Any) -> None:
        self.waiting[model].append(values)

    def write(self) -> None:
        for model, rows in self.waiting.items():
            self.count += sql.insert_many(model, COLUMNS[model], rows)
            rows.clear()


def write_learning(past: Past) -> int:
    """Start everybody who has no enrolment and no award on the courses; return the number of rows."""
    courses = list(_taught())
    if not courses:
        return 0
    rows = Rows()
    for number, person in enumerate(_newcomers(), 1):
        _learn(person, courses, past, past.random("learning", person.email), rows)
        if number % 1000 == 0:
            rows.write()
    rows.write()
    # Whoever learnt something was here.
    last = Enrolment.objects.filter(user=OuterRef("pk")).order_by("-active_at").values("active_at")[:1]
    User.objects.filter(last_login=None, enrolments__isnull=False).update(last_login=Subquery(last))
    # Nobody who is made up gets an e-mail: they are taken to have been reminded.
    Enrolment.objects.filter(user__in=made_up_people(), completed_at=None).update(reminded_at=past.until)
    return rows.count


def _newcomers() -> QuerySet[User]:
    people = made_up_people().filter(enrolments=None, awards=None).order_by("email")
    return people.only("email", "first_name", "last_name", "language")


def _taught() -> Iterator[Taught]:
    for course in Course.objects.filter(current__isnull=False).select_related("current").order_by("order"):
        lessons = list(Lesson.objects.live().filter(course=course).select_related("check_question"))
        bank = list(Question.objects.filter(course=course, use=QuestionUse.QUIZ, is_current=True, module__retired_at=None))
        if lessons and bank:
            yield Taught(course, lessons, bank)


def _learn(person: User, courses: list[Taught], past: Past, chance: Random, rows: Rows) -> None:
    finished = min(list(FATES).index(chance.choices(list(FATES), list(FATES.values()))[0]) - 1, len(courses))
    if finished < 0:
        return
    if finished == len(FATES) - 2:
        finished = len(courses)
    # Few begin at once, most in the middle, some late.
    moment = past.start + chance.betavariate(1.6, 2.2) * (past.until - past.start)
    for taught in courses[:finished]:
        moment = past.at_work(moment, chance)
        done = _take(person, taught, moment, past, chance, rows)
        if done is None:
            return
        moment = done + timedelta(days=chance.choice((0, 1, 1, 2, 3, 5, 8, 13)))
    if finished < len(courses) and moment < past.until:
        _begin(person.pk, courses[finished], past.at_work(moment, chance), past, chance, rows)


def _read(
    enrolment: UUID, taught: Taught, lessons: list[Lesson], moment: datetime, past: Past, chance: Random, rows: Rows
) -> datetime | None:
    """Read `lessons` one after the other, in one to four sittings; return when the last one was done, None if the past ended
    first."""
    for lesson in lessons:
        seen, moment = moment, moment + timedelta(minutes=lesson.minutes * (0.6 + chance.random()))
        if chance.random() < 0.08:
            moment = past.at_work(moment + timedelta(days=chance.choice((1, 1, 2, 3, 7))), chance)
        if moment >= past.until:
            rows.add(LessonProgress, enrolment, lesson.pk, min(seen, past.until), None)
            return None
        if lesson.check_question_id is not None:
            correct = chance.random() < SURE
            answer = taught.answers[lesson.check_question_id][0 if correct else 1]
            rows.add(CheckAnswer, enrolment, lesson.pk, lesson.check_question_id, answer, correct, moment)
        rows.add(LessonProgress, enrolment, lesson.pk, seen, moment)
    return moment


def _begin(user: UUID, taught: Taught, moment: datetime, past: Past, chance: Random, rows: Rows) -> None:
    """Begin a course and stop somewhere in it."""
    enrolment, some = uuid7(), taught.lessons[: chance.randrange(1, len(taught.lessons) + 1)]
    at = _read(enrolment, taught, some, moment, past, chance, rows) or past.until
    rows.add(Enrolment, enrolment, user, taught.course.pk, some[-1].pk, moment, at, None)


def _take(person: User, taught: Taught, moment: datetime, past: Past, chance: Random, rows: Rows) -> datetime | None:
    """Take a course to its end; return when, None if the past ended first."""
    enrolment, began = uuid7(), moment
    at = _read(enrolment, taught, taught.lessons, moment, past, chance, rows)
    passed_at: datetime | None = None
    number = 0
    while at is not None and passed_at is None:
        number += 1
        began_quiz, at = at, at + timedelta(minutes=chance.uniform(6, 22))
        if at >= past.until:
            at = None
            break
        attempt, seed, score = uuid7(), *_answer(taught, chance, hasty=number == 1 and chance.random() < HASTY)
        correct = sum(right for _question, right in score)
        passed = passes(correct=correct, total=len(score), pass_mark=taught.version.pass_mark)
        rows.add(Attempt, attempt, enrolment, taught.version.pk, number, seed, began_quiz, at, len(score), correct, passed)
        for position, (question, right_one) in enumerate(score, 1):
            answer = taught.answers[question.pk][0 if right_one else 1]
            rows.add(Response, attempt, position, question.pk, answer, at, right_one)
        if passed:
            passed_at = at
            _reward(person, taught, attempt, at, rows)
        else:
            at = past.at_work(at + timedelta(days=chance.choice((0, 0, 1, 2))), chance)
            at = at if at > began_quiz else began_quiz + timedelta(hours=1)
            at = at if at < past.until else None
    rows.add(
        Enrolment, enrolment, person.pk, taught.course.pk, taught.lessons[-1].pk, began, passed_at or at or past.until, passed_at
    )
    return passed_at


def _answer(taught: Taught, chance: Random, *, hasty: bool) -> tuple[str, list[tuple[Question, bool]]]:
    seed, questions = chance.choice(taught.quizzes)
    sure = UNSURE if hasty else SURE
    return seed, [(question, chance.random() < sure) for question in questions]


def _reward(person: User, taught: Taught, attempt: UUID, at: datetime, rows: Rows) -> None:
    award, version = uuid7(), taught.version
    expires = at + timedelta(days=version.valid_days) if version.valid_days else None
    rows.add(
        Award, award, person.pk, taught.course.training_id, version.major, at, expires, AwardSource.COURSE, f"attempt:{attempt}"
    )
    rows.add(Certificate, attempt, award, str(person), person.language or "fr", at, at + timedelta(seconds=4))
