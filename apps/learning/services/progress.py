"""Going through a course: enrolling, lessons, checks.

Reading leaves its own dated rows; they are the record, so these verbs write no audit entry except when a cycle opens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core import audit
from apps.learning.errors import CheckUnanswered, LearningError, QuizClosed
from apps.learning.grading import Answer, grade, require_complete
from apps.learning.models import CheckAnswer, Course, Enrolment, Lesson, LessonProgress
from apps.learning.policies import can_open_cycle
from apps.learning.queries.standing import valid_award

if TYPE_CHECKING:
    from apps.accounts.models import User


def latest_enrolment(user: User, course: Course, *, lock: bool = False) -> Enrolment | None:
    """Return the person's last cycle of a course, locked against other writers if asked for."""
    enrolments = Enrolment.objects.filter(user=user, course=course).order_by("-cycle")
    return (enrolments.select_for_update() if lock else enrolments).first()


@transaction.atomic
def enrol(*, user: User, course: Course) -> Enrolment:
    """Return the person's current cycle of `course`, opening the first one if there is none. Writes an audit entry then."""
    enrolment = latest_enrolment(user, course, lock=True)
    if enrolment is not None:
        return enrolment
    enrolment, created = Enrolment.objects.get_or_create(user=user, course=course, cycle=1)
    if created:
        audit.record(actor=user, action="learning.enrol", target=enrolment, subject=user, details={"cycle": 1})
    return enrolment


@transaction.atomic
def open_cycle(*, user: User, course: Course) -> Enrolment:
    """Let somebody take a course again: a new cycle, besides the completed ones. Returns the open cycle if there is one.

    Writes an audit entry. Raises LearningError while the proof is still valid for long.
    """
    enrolment = latest_enrolment(user, course, lock=True)
    if enrolment is None:
        return enrol(user=user, course=course)
    if enrolment.completed_at is None:
        return enrolment
    if not can_open_cycle(enrolment, valid_award(user, course), course.published, timezone.now()):
        raise LearningError(_("You have passed this course and it still counts: there is nothing to take again."))
    renewed = Enrolment.objects.create(user=user, course=course, cycle=enrolment.cycle + 1)
    audit.record(actor=user, action="learning.enrol", target=renewed, subject=user, details={"cycle": renewed.cycle})
    return renewed


@transaction.atomic
def see_lesson(*, user: User, lesson: Lesson) -> Enrolment:
    """Note that `lesson` is on the person's screen: this is where they resume. Enrols them if they are not enrolled yet.

    A completed cycle does not change: reading again leaves no trace in it.
    """
    enrolment = enrol(user=user, course=lesson.course)
    if enrolment.completed_at is None:
        _note_seen(enrolment, lesson)
    return enrolment


def _note_seen(enrolment: Enrolment, lesson: Lesson) -> None:
    LessonProgress.objects.get_or_create(enrolment=enrolment, lesson=lesson)
    enrolment.current_lesson, enrolment.active_at = lesson, timezone.now()
    enrolment.save(update_fields=["current_lesson", "active_at"])


@transaction.atomic
def answer_check(*, user: User, lesson: Lesson, answer: Answer) -> CheckAnswer:
    """Store one answer to a lesson's check, right or wrong; earlier ones stay. Enrols the person if they are not enrolled yet.

    Raises BadAnswer for an incomplete answer, LearningError if the lesson has no check.
    """
    question = lesson.check_question
    if question is None:
        raise LearningError(_("This lesson has no question any more. Reload the page."))
    require_complete(question.body, answer)
    enrolment = see_lesson(user=user, lesson=lesson)
    return CheckAnswer.objects.create(
        enrolment=enrolment, lesson=lesson, question=question, answer=answer, correct=grade(question.body, answer)
    )


@transaction.atomic
def finish_lesson(*, user: User, lesson: Lesson) -> Lesson | None:
    """Mark `lesson` done and return the next one, where the person then resumes; None after the last.

    Raises CheckUnanswered while the lesson's question has no answer. Doing it twice changes nothing.
    """
    enrolment = see_lesson(user=user, lesson=lesson)
    following = _lesson_after(lesson)
    if enrolment.completed_at is not None:
        return following
    if lesson.check_question_id and not enrolment.check_answers.filter(lesson=lesson).exists():
        raise CheckUnanswered(_("Answer the question first: any answer will do, and you may try again."))
    enrolment.lessons.filter(lesson=lesson, done_at=None).update(done_at=timezone.now())
    if following is not None:
        _note_seen(enrolment, following)
    return following


def _lesson_after(lesson: Lesson) -> Lesson | None:
    lessons = list(Lesson.objects.live().filter(course=lesson.course_id).select_related("course", "module"))
    codes = [other.code for other in lessons]
    place = codes.index(lesson.code) if lesson.code in codes else -1
    return lessons[place + 1] if 0 <= place < len(lessons) - 1 else None


def require_lessons_done(enrolment: Enrolment) -> None:
    """Raise QuizClosed while a lesson of the course is not done in this cycle."""
    done = enrolment.lessons.filter(done_at__isnull=False).values("lesson")
    if Lesson.objects.live().filter(course=enrolment.course_id).exclude(pk__in=done).exists():
        raise QuizClosed(_("The quiz opens once all lessons are done."))
