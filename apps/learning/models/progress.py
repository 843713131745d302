"""How far somebody is. A new cycle opens a new enrolment: what was done in an earlier one stays as evidence."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.ids import uuid7

from .content import Course, Lesson, Question

if TYPE_CHECKING:
    from apps.accounts.models import User


class Enrolment(models.Model):
    """Somebody's way through a course, once. `cycle` counts them; `completed_at` is set when the quiz is passed.

    `reminded_at`: when an e-mail last asked its learner to go on.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user: models.ForeignKey[User, User] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="enrolments"
    )
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="enrolments")
    cycle = models.PositiveSmallIntegerField(default=1)
    current_lesson = models.ForeignKey(Lesson, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    started_at = models.DateTimeField(default=timezone.now)
    active_at = models.DateTimeField(default=timezone.now)
    completed_at = models.DateTimeField(null=True, blank=True)
    reminded_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at"]
        verbose_name = _("enrolment")
        constraints = [
            models.UniqueConstraint(fields=["user", "course", "cycle"], name="learning_enrolment_cycle"),
            models.UniqueConstraint(
                fields=["user", "course"], condition=Q(completed_at__isnull=True), name="learning_enrolment_one_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.course_id} cycle {self.cycle}"


class LessonProgress(models.Model):
    """A lesson was opened (`seen_at`) and finished (`done_at`) in one enrolment."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="lessons")
    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, related_name="progress")
    seen_at = models.DateTimeField(default=timezone.now)
    done_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["enrolment", "lesson"]
        verbose_name = _("lesson progress")
        constraints = [models.UniqueConstraint(fields=["enrolment", "lesson"], name="learning_progress_once")]

    def __str__(self) -> str:
        return f"{self.lesson_id} {'done' if self.done_at else 'seen'}"


class CheckAnswer(models.Model):
    """One answer to a lesson's check. Every answer is kept; the last one is shown."""

    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="check_answers")
    lesson = models.ForeignKey(Lesson, on_delete=models.PROTECT, related_name="check_answers")
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="check_answers")
    answer: models.JSONField[Any, Any] = models.JSONField()
    correct = models.BooleanField()
    answered_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["answered_at", "pk"]
        verbose_name = _("answer to a check")
        indexes = [models.Index(fields=["enrolment", "lesson"], name="learning_check_lookup")]

    def __str__(self) -> str:
        return f"{self.question_id} {'right' if self.correct else 'wrong'}"
