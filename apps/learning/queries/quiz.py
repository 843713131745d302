"""What the pages of the final quiz show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet
from django.utils.text import Truncator

from apps.core.missing import get_or_not_there
from apps.learning.grading import fingerprint
from apps.learning.models import Attempt, Lesson, Response
from apps.learning.shown import Reveal, ShownQuestion, show

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.learning.grading import Answer


@dataclass(frozen=True, slots=True)
class QuestionPage:
    """One question of an open attempt. `seen`: the fingerprint of the stored answer, which the page sends back."""

    attempt: Attempt
    position: int
    total: int
    answered: int
    question: ShownQuestion
    seen: str


@dataclass(frozen=True, slots=True)
class ReviewRow:
    position: int
    prompt: str
    answered: bool


@dataclass(frozen=True, slots=True)
class ReviewPage:
    attempt: Attempt
    rows: tuple[ReviewRow, ...]

    @property
    def missing(self) -> int:
        return sum(not row.answered for row in self.rows)


@dataclass(frozen=True, slots=True)
class ResultRow:
    """`lesson_code`: where to read about it again: the first remaining lesson of the question's module."""

    position: int
    question: ShownQuestion
    module_title: str
    lesson_code: str | None

    @property
    def correct(self) -> bool:
        return bool(self.question.correct)


@dataclass(frozen=True, slots=True)
class ResultPage:
    attempt: Attempt
    rows: tuple[ResultRow, ...]

    @property
    def to_reread(self) -> list[ResultRow]:
        """One row for each module in which an answer was wrong."""
        wrong: dict[str, ResultRow] = {}
        for row in self.rows:
            if not row.correct and row.lesson_code:
                wrong.setdefault(row.module_title, row)
        return list(wrong.values())


def attempts_of(user: User) -> QuerySet[Attempt]:
    """Return the attempts of `user`; anybody else's are not included."""
    return Attempt.objects.filter(enrolment__user=user).select_related(
        "enrolment__course__current", "enrolment__course__training", "version"
    )


def responses_of(user: User) -> QuerySet[Response]:
    """Return the drawn questions of all attempts of `user`."""
    return Response.objects.filter(attempt__enrolment__user=user).select_related(
        "question", "attempt__enrolment__course__current", "attempt__version"
    )


def get_attempt_for(user: User, attempt_id: UUID) -> Attempt:
    """Return an attempt of `user`. Raises NotThere."""
    return get_or_not_there(attempts_of(user), pk=attempt_id)


def get_response_for(user: User, attempt_id: UUID, position: int) -> Response:
    """Return a drawn question of an attempt of `user`. Raises NotThere."""
    return get_or_not_there(responses_of(user), attempt=attempt_id, position=position)


def first_unanswered(attempt: Attempt) -> int | None:
    """Return the position of the first question without an answer, or None."""
    return attempt.responses.filter(answered_at=None).order_by("position").values_list("position", flat=True).first()


def question_page(response: Response, *, typed: Answer | None = None) -> QuestionPage:
    """Return the page of one question. `typed`: an answer that was refused, shown again."""
    attempt = response.attempt
    return QuestionPage(
        attempt=attempt,
        position=response.position,
        total=attempt.total,
        answered=attempt.responses.filter(answered_at__isnull=False).count(),
        question=show(response.question.body, seed=attempt.seed, answer=response.answer if typed is None else typed),
        seen=fingerprint(response.answer),
    )


def review_page(attempt: Attempt) -> ReviewPage:
    """Return all questions of an open attempt and whether each has an answer."""
    return ReviewPage(
        attempt,
        tuple(
            ReviewRow(
                response.position,
                Truncator(str(response.question.body.prompt)).chars(160),
                response.answered_at is not None,
            )
            for response in attempt.responses.select_related("question").order_by("position")
        ),
    )


def result_page(attempt: Attempt) -> ResultPage:
    """Return every question of a submitted attempt with its answer explained."""
    lessons: dict[int, str] = {}
    for module, code in Lesson.objects.live().filter(course=attempt.enrolment.course_id).values_list("module", "code"):
        lessons.setdefault(module, code)
    responses = attempt.responses.select_related("question__module").order_by("position")
    return ResultPage(
        attempt,
        tuple(
            ResultRow(
                response.position,
                show(response.question.body, seed=attempt.seed, answer=response.answer, reveal=Reveal.ALL),
                response.question.module.title,
                lessons.get(response.question.module_id),
            )
            for response in responses
        ),
    )
