"""What staff see of courses: their figures, how hard the questions are, and how far people are."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Case, CharField, Count, Exists, OuterRef, Q, QuerySet, Value, When

from apps.access.models import Award, Waiver
from apps.accounts.models import Entity, JobRole, User
from apps.accounts.queries import find_people
from apps.core.missing import NotThere
from apps.core.text import folded
from apps.learning.enums import LearnerState, QuestionUse
from apps.learning.grading import Answer
from apps.learning.models import Attempt, Course, CourseVersion, Enrolment, Lesson, Question
from apps.learning.models.quiz import best_score
from apps.learning.shown import Reveal, ShownQuestion, show

from .standing import published_courses

if TYPE_CHECKING:
    from apps.learning.content import QuestionContent

TOO_FEW = 5
HARD_BELOW = 40
NEVER: tuple[int, int | None] = (0, None)  # attempts, and the best score among them


@dataclass(frozen=True, slots=True)
class CourseFigures:
    """People are counted once however often they took the course; attempts are all counted."""

    course: Course
    enrolled: int
    completed: int
    attempts: int
    passed: int

    @property
    def pass_rate(self) -> int | None:
        """Whole per cent of the attempts handed in; None before the first."""
        return self.passed * 100 // self.attempts if self.attempts else None


@dataclass(frozen=True, slots=True)
class QuestionFigures:
    """How people do on one question of the bank. `question` shows it with its right answer."""

    code: str
    number: int
    module: str
    answers: int
    right: int
    question: ShownQuestion

    @property
    def share(self) -> int | None:
        return self.right * 100 // self.answers if self.answers else None

    @property
    def too_few(self) -> bool:
        return self.answers < TOO_FEW

    @property
    def hard(self) -> bool:
        return not self.too_few and self.right * 100 < HARD_BELOW * self.answers


@dataclass(frozen=True, slots=True)
class LearnerRow:
    """One person in one course, over all cycles; `lessons_done` is of the current one."""

    person: User
    state: LearnerState
    lessons_done: int
    lessons_total: int
    attempts: int
    best_score: int | None
    completed_at: datetime | None
    until: datetime | None
    active_at: datetime | None


def course_figures(code: str | None = None) -> list[CourseFigures]:
    """Return the figures of all courses (or one), in order. Three queries."""
    people = {
        row["course"]: row
        for row in Enrolment.objects.order_by()
        .values("course")
        .annotate(
            enrolled=Count("user", distinct=True),
            completed=Count("user", distinct=True, filter=Q(completed_at__isnull=False)),
        )
    }
    attempts = {
        row["enrolment__course"]: row
        for row in Attempt.objects.filter(submitted_at__isnull=False)
        .order_by()
        .values("enrolment__course")
        .annotate(all=Count("pk"), passed=Count("pk", filter=Q(passed=True)))
    }
    nobody, none = {"enrolled": 0, "completed": 0}, {"all": 0, "passed": 0}
    figures = []
    for course in published_courses():
        if code is not None and course.code != code:
            continue
        counted, tried = people.get(course.code, nobody), attempts.get(course.code, none)
        figures.append(CourseFigures(course, counted["enrolled"], counted["completed"], tried["all"], tried["passed"]))
    return figures


def get_course_figures(code: str) -> CourseFigures:
    """Return the figures of one course, for staff. Raises NotThere."""
    found = course_figures(code)
    if not found:
        raise NotThere
    return found[0]


def question_figures(course: Course) -> list[QuestionFigures]:
    """Return how people do on the quiz questions of `course`, the hardest first. Only current versions count. One query."""
    handed_in = Q(responses__attempt__submitted_at__isnull=False)
    questions = (
        Question.objects.filter(course=course, use=QuestionUse.QUIZ, is_current=True)
        .select_related("module")
        .annotate(
            answers=Count("responses", filter=handed_in), right=Count("responses", filter=handed_in & Q(responses__correct=True))
        )
        .order_by("module__order", "code")
    )
    figures = [
        QuestionFigures(
            code=question.code,
            number=question.number,
            module=question.module.title,
            answers=question.answers,
            right=question.right,
            question=solved(question.body),
        )
        for question in questions
    ]
    return sorted(figures, key=lambda entry: (not entry.hard, entry.too_few, entry.share if entry.share is not None else 101))


def solved(question: QuestionContent) -> ShownQuestion:
    """Return a question with its right answer given and everything explained."""
    answer: Answer
    if question.items:
        answer = {item.id: item.category for item in question.items}
    else:
        answer = [choice.id for choice in question.choices if choice.correct]
    return show(question, seed="preview", answer=answer, reveal=Reveal.ALL)


def versions_of(course: Course) -> list[CourseVersion]:
    """Return every published version of a course, the latest first."""
    return list(course.versions.order_by("-published_at", "-pk"))


def learners(
    course: Course, *, text: str = "", entity: Entity | None = None, state: LearnerState | None = None
) -> QuerySet[User]:
    """Return the active people with their `learner_state` in `course`, searched and filtered."""
    mine = {"user": OuterRef("pk"), "training": course.training_id}
    enrolments = Enrolment.objects.filter(user=OuterRef("pk"), course=course)
    people = (
        find_people(text=text, entity=entity)
        .filter(is_active=True)
        .prefetch_related(None)
        .annotate(
            learner_state=Case(
                When(Exists(Award.objects.valid().filter(**mine)), then=Value(LearnerState.PASSED.value)),
                When(Exists(Waiver.objects.valid().filter(**mine)), then=Value(LearnerState.WAIVED.value)),
                When(Exists(enrolments.filter(completed_at=None)), then=Value(LearnerState.UNDER_WAY.value)),
                When(Exists(Award.objects.filter(**mine)), then=Value(LearnerState.LAPSED.value)),
                default=Value(LearnerState.NOT_STARTED.value),
                output_field=CharField(),
            )
        )
    )
    return people.filter(learner_state=state.value) if state else people


def learner_rows(course: Course, people: Sequence[User]) -> list[LearnerRow]:
    """Return `people`, who come from `learners`, with what they did in `course`. Four queries, however many people."""
    total = Lesson.objects.live().filter(course=course).count()
    active: dict[UUID, datetime] = {}
    completed: dict[UUID, datetime] = {}
    done: dict[UUID, int] = {}
    counted = Count("lessons", filter=Q(lessons__done_at__isnull=False, lessons__lesson__retired_at=None))
    enrolments = Enrolment.objects.filter(course=course, user__in=people).annotate(lessons_done=counted).order_by("cycle")
    # Only the columns that the row shows: fifty objects of each kind take as long as rendering everything made from them.
    for user, at, completed_at, lessons_done in enrolments.values_list("user", "active_at", "completed_at", "lessons_done"):
        active[user], done[user] = at, lessons_done
        if completed_at is not None:
            completed[user] = completed_at
    handed_in = Attempt.objects.filter(enrolment__course=course, enrolment__user__in=people, submitted_at__isnull=False)
    tried = handed_in.order_by().values_list("enrolment__user").annotate(attempts=Count("pk"), best=best_score())
    scores: dict[UUID, tuple[int, int | None]] = {user: (attempts, best) for user, attempts, best in tried}
    awards = Award.objects.valid().filter(training=course.training_id, user__in=people).order_by("awarded_at")
    until: dict[UUID, datetime | None] = dict(awards.values_list("user", "expires_at"))
    return [
        LearnerRow(
            person=person,
            state=LearnerState(getattr(person, "learner_state", LearnerState.NOT_STARTED)),
            lessons_done=done.get(person.pk, 0),
            lessons_total=total,
            attempts=scores.get(person.pk, NEVER)[0],
            best_score=scores.get(person.pk, NEVER)[1],
            completed_at=completed.get(person.pk),
            until=until.get(person.pk),
            active_at=active.get(person.pk),
        )
        for person in people
    ]


def job_roles() -> list[JobRole]:
    """Return all jobs by their names, each with what staff assigned it to. One query."""
    return sorted(JobRole.objects.select_related("examples").order_by("code"), key=lambda role: folded(role.name))
