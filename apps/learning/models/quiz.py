"""The final quiz: attempts pin the questions they drew; a certificate says what was passed."""

from __future__ import annotations

import secrets
import uuid
from typing import Any

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.access.models import Award
from apps.core.ids import uuid7

from .content import CourseVersion, Question
from .progress import Enrolment

# Without the letters and digits that are confused with each other when a code is read aloud or typed from paper.
CODE_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"
CODE_GROUPS, CODE_GROUP = 4, 4


def new_code() -> str:
    """Return a verification code: 79 bits, so that nobody finds another's by trying."""
    return "-".join("".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_GROUP)) for _ in range(CODE_GROUPS))


class Attempt(models.Model):
    """One go at the quiz. The course version, the seed and the question versions are fixed when it starts."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    enrolment = models.ForeignKey(Enrolment, on_delete=models.PROTECT, related_name="attempts")
    version = models.ForeignKey(CourseVersion, on_delete=models.PROTECT, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    seed = models.CharField(max_length=32)
    started_at = models.DateTimeField(default=timezone.now)
    submitted_at = models.DateTimeField(null=True, blank=True)
    total = models.PositiveSmallIntegerField()
    correct = models.PositiveSmallIntegerField(null=True, blank=True)
    passed = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ["-started_at"]
        verbose_name = _("attempt")
        constraints = [
            models.UniqueConstraint(fields=["enrolment", "number"], name="learning_attempt_number"),
            models.UniqueConstraint(
                fields=["enrolment"], condition=Q(submitted_at__isnull=True), name="learning_attempt_one_open"
            ),
            models.UniqueConstraint(fields=["enrolment"], condition=Q(passed=True), name="learning_attempt_one_passed"),
            models.CheckConstraint(
                condition=Q(submitted_at__isnull=True, correct__isnull=True, passed__isnull=True)
                | Q(submitted_at__isnull=False, correct__isnull=False, passed__isnull=False),
                name="learning_attempt_graded_when_submitted",
            ),
            models.CheckConstraint(condition=Q(correct__isnull=True) | Q(correct__lte=F("total")), name="learning_attempt_score"),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number}"

    @property
    def score(self) -> int | None:
        """Whole per cent, rounded down: 79.9 does not become 80."""
        return None if self.correct is None else self.correct * 100 // self.total


def best_score(attempts: str = "") -> models.Max:
    """Return the aggregate of the best `Attempt.score`; `attempts` is the path to them, as in `attempts__`."""
    return models.Max(F(f"{attempts}correct") * 100 / F(f"{attempts}total"))


class Response(models.Model):
    """One drawn question of an attempt, and its answer once there is one."""

    attempt = models.ForeignKey(Attempt, on_delete=models.PROTECT, related_name="responses")
    position = models.PositiveSmallIntegerField()
    question = models.ForeignKey(Question, on_delete=models.PROTECT, related_name="responses")
    answer: models.JSONField[Any, Any] = models.JSONField(null=True, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    correct = models.BooleanField(null=True, blank=True)

    class Meta:
        ordering = ["attempt", "position"]
        verbose_name = _("response")
        constraints = [
            models.UniqueConstraint(fields=["attempt", "position"], name="learning_response_position"),
            models.UniqueConstraint(fields=["attempt", "question"], name="learning_response_question"),
        ]

    def __str__(self) -> str:
        return f"{self.position}"


class Certificate(models.Model):
    """What somebody may show: their name on that day, the course's title then, and a code to verify it."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    attempt = models.OneToOneField(Attempt, on_delete=models.PROTECT, related_name="certificate")
    award = models.OneToOneField(Award, on_delete=models.PROTECT, related_name="certificate")
    code = models.CharField(max_length=24, unique=True, default=new_code)
    holder = models.CharField(max_length=170)
    language = models.CharField(max_length=8)
    issued_at = models.DateTimeField(default=timezone.now)
    mailed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-issued_at"]
        verbose_name = _("certificate")

    def __str__(self) -> str:
        return self.code
