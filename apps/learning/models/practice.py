"""The practice bench: what learners wrote to a model and what it answered, encrypted."""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.crypto import SealedText
from apps.core.ids import uuid7
from apps.gateway.enums import AnswerState

from .content import Exercise

if TYPE_CHECKING:
    from apps.accounts.models import User

COUNTED = (AnswerState.STREAMING, AnswerState.DONE, AnswerState.STOPPED)  # failures on our side do not count


class Bench(models.Model):
    """One person's work on one exercise. `data_key` (wrapped) encrypts all of it."""

    user: models.ForeignKey[User, User] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="benches"
    )
    exercise = models.ForeignKey(Exercise, on_delete=models.PROTECT, related_name="benches")
    data_key = models.BinaryField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name = _("practice bench")
        constraints = [models.UniqueConstraint(fields=["user", "exercise"], name="learning_bench_once")]

    def __str__(self) -> str:
        return f"bench {self.pk}"


class TryQuerySet(models.QuerySet["PracticeTry"]):
    def counted(self) -> TryQuerySet:
        """Tries that count against the learner's limit: failures on our side do not."""
        return self.filter(state__in=COUNTED)


class PracticeTry(models.Model):
    """One prompt and the model's answer, being written or ended. `seq`: the number of the last chunk in the answer."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    bench = models.ForeignKey(Bench, on_delete=models.PROTECT, related_name="tries")
    prompt = SealedText()
    answer = SealedText(default=bytes)
    seq = models.PositiveIntegerField(default=0)
    state = models.CharField(max_length=12, choices=AnswerState, default=AnswerState.STREAMING)
    error_code = models.CharField(max_length=32, blank=True)
    stop_asked_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)

    objects = TryQuerySet.as_manager()

    class Meta:
        ordering = ["started_at", "pk"]
        verbose_name = _("try")
        constraints = [
            models.UniqueConstraint(fields=["bench"], condition=Q(state=AnswerState.STREAMING), name="learning_try_one_running"),
        ]

    def __str__(self) -> str:
        return f"try {self.pk} ({self.state})"
