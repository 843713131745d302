"""The final quiz. Passing it, the award it earns and the certificate are one transaction."""

from __future__ import annotations

import secrets
from datetime import timedelta
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import transaction
from django.db.models import Case, Max, When
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from apps.access.enums import AwardSource
from apps.access.services import award_training
from apps.core import audit, outbox
from apps.learning.enums import QuestionUse
from apps.learning.errors import AnsweredSince, AttemptSubmitted, LearningError, QuizClosed
from apps.learning.grading import Answer, draw, fingerprint, grade, is_complete, passes
from apps.learning.mail import send_certificate
from apps.learning.models import Attempt, Certificate, Course, Enrolment, Question, Response

from .progress import latest_enrolment, require_lessons_done

if TYPE_CHECKING:
    from apps.accounts.models import User


@transaction.atomic
def start_attempt(*, user: User, course: Course) -> Attempt:
    """Draw a quiz and return it; an attempt that is still open is returned instead. Pins version, seed and questions.

    Questions that the person has not had yet are drawn first, as long as a module has any.
    Writes an audit entry. Raises QuizClosed before all lessons are done, and once the cycle is completed.
    """
    enrolment = latest_enrolment(user, course, lock=True)
    if enrolment is None:
        raise QuizClosed(_("The quiz opens once all lessons are done."))
    open_attempt = enrolment.attempts.filter(submitted_at=None).first()
    if open_attempt is not None:
        return open_attempt
    if enrolment.completed_at is not None:
        raise QuizClosed(_("You have passed this quiz."))
    require_lessons_done(enrolment)
    version = course.published
    bank = Question.objects.filter(course=course, use=QuestionUse.QUIZ, is_current=True, module__retired_at=None)
    seed = secrets.token_hex(8)
    had = Response.objects.filter(attempt__enrolment__user=user, attempt__enrolment__course=course).order_by()
    seen = dict(had.values_list("question__code").annotate(last=Max("attempt__started_at")))
    drawn = draw(bank, count=version.draw, seed=seed, seen=seen)
    attempt = Attempt.objects.create(
        enrolment=enrolment, version=version, number=enrolment.attempts.count() + 1, seed=seed, total=len(drawn)
    )
    Response.objects.bulk_create(
        Response(attempt=attempt, position=position, question=question) for position, question in enumerate(drawn, 1)
    )
    audit.record(
        actor=user,
        action="learning.start_attempt",
        target=attempt,
        subject=user,
        details={"course": course.code, "version": version.number, "number": attempt.number},
    )
    return attempt


@transaction.atomic
def save_answer(*, response: Response, answer: Answer, seen: str | None = None, in_passing: bool = False) -> Response:
    """Store an answer, perhaps unfinished, until the quiz is handed in; return the response with what is now stored.

    `seen` is the fingerprint of the answer that the page last had: a page left open must not undo what was answered elsewhere. A
    stored answer stays when nothing was chosen (unless the page had that answer, and it was cleared there), and when the page
    sends what it was rendered with. `in_passing`: saved as the person goes, so that it may arrive late.

    Raises AttemptSubmitted once the quiz is handed in; AnsweredSince if `in_passing` and the page has not seen what is stored.
    """
    attempt = Attempt.objects.select_for_update().get(pk=response.attempt_id)
    if attempt.submitted_at is not None:
        raise AttemptSubmitted(_("This quiz has been handed in: its answers can no longer change."))
    response.refresh_from_db(fields=["answer", "answered_at"])
    mine, stored = fingerprint(answer), fingerprint(response.answer)
    if stored and stored != seen and (not mine or mine == seen):
        return response
    if in_passing and seen is not None and stored not in {seen, mine}:
        raise AnsweredSince(stored)
    complete = is_complete(response.question.body, answer)
    response.answer, response.answered_at = answer or None, timezone.now() if complete else None
    response.save(update_fields=["answer", "answered_at"])
    Enrolment.objects.filter(pk=attempt.enrolment_id).update(active_at=timezone.now())
    return response


@transaction.atomic
def submit_attempt(*, attempt: Attempt) -> Attempt:
    """Hand a quiz in: grade it and, if it is passed, complete the cycle and award the training. All or nothing.

    Handing in twice returns the first result. Writes audit entries; for a passed quiz issues the certificate, sends it by e-mail
    through the outbox, and tells the person's open tabs that their rights changed. Raises LearningError while an answer is
    missing.
    """
    attempt = (
        Attempt.objects.select_for_update(of=("self",))
        .select_related("enrolment__user", "enrolment__course__training", "version")
        .get(pk=attempt.pk)
    )
    if attempt.submitted_at is not None:
        return attempt
    responses = list(attempt.responses.select_related("question"))
    unanswered = sum(response.answered_at is None for response in responses)
    if unanswered:
        raise LearningError(
            ngettext(
                "%(count)s question has no answer yet. Answer it, then hand in the quiz.",
                "%(count)s questions have no answer yet. Answer them, then hand in the quiz.",
                unanswered,
            )
            % {"count": unanswered}
        )
    right = [response.pk for response in responses if grade(response.question.body, response.answer)]
    attempt.responses.update(correct=Case(When(pk__in=right, then=True), default=False))  # also if none is right
    now = timezone.now()
    attempt.correct = len(right)
    attempt.passed = passes(correct=attempt.correct, total=attempt.total, pass_mark=attempt.version.pass_mark)
    attempt.submitted_at = now
    attempt.save(update_fields=["correct", "passed", "submitted_at"])
    enrolment = attempt.enrolment
    enrolment.active_at = now
    if attempt.passed:
        enrolment.completed_at = now
        _reward(attempt)
    enrolment.save(update_fields=["active_at", "completed_at"])
    audit.record(
        actor=enrolment.user,
        action="learning.submit_attempt",
        target=attempt,
        subject=enrolment.user,
        details={"course": enrolment.course_id, "score": attempt.score, "passed": attempt.passed},
    )
    return attempt


def _reward(attempt: Attempt) -> Certificate:
    enrolment, version = attempt.enrolment, attempt.version
    assert attempt.submitted_at is not None
    award = award_training(
        user=enrolment.user,
        training=enrolment.course.training,
        major=version.major,
        source=AwardSource.COURSE,
        evidence=f"attempt:{attempt.pk}",
        expires_at=attempt.submitted_at + timedelta(days=version.valid_days) if version.valid_days else None,
        actor=enrolment.user,
    )
    certificate = Certificate.objects.create(
        attempt=attempt,
        award=award,
        holder=str(enrolment.user),
        language=enrolment.user.language or get_language() or settings.LANGUAGE_CODE,
    )
    outbox.enqueue(send_certificate, certificate_id=str(certificate.pk))
    return certificate
