from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.core.crypto import Seal, SealedText, open_seal
from apps.core.ids import uuid7
from apps.gateway.enums import AnswerState
from apps.gateway.models import ModelVersion

if TYPE_CHECKING:
    from apps.accounts.models import User


class Conversation(models.Model):
    """One conversation of one person. What is written in it is encrypted with its own data key.

    It is a tree: a message follows a run (or nothing), a run answers a message. Editing a message adds a sibling message,
    asking again adds a sibling run; `head` is the last run of the branch that is shown.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    owner: models.ForeignKey[User, User] = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="conversations"
    )
    data_key = models.BinaryField()
    title = SealedText(_("title"))
    target = models.CharField(max_length=64)
    head: models.ForeignKey[Run | None, Run | None] = models.ForeignKey(
        "chat.Run", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    created_at = models.DateTimeField(default=timezone.now)
    active_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-active_at"]
        verbose_name = _("conversation")
        indexes = [models.Index(fields=["owner", "-active_at"], name="chat_conversation_recent")]

    def __str__(self) -> str:
        return f"conversation {self.pk}"

    def seal(self) -> Seal:
        """Return what encrypts and decrypts this conversation's content. One query. Raises CryptoError."""
        return open_seal(self.data_key, self.owner_id)


class Message(models.Model):
    """What the person wrote."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="messages")
    follows: models.ForeignKey[Run | None, Run | None] = models.ForeignKey(
        "chat.Run", null=True, blank=True, on_delete=models.CASCADE, related_name="followed_by"
    )
    text = SealedText()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["created_at", "id"]
        verbose_name = _("message")

    def __str__(self) -> str:
        return f"message {self.pk}"


class Run(models.Model):
    """One answer of a model to a message, being written or ended.

    Its stream has its id; `seq` is the number of the last chunk in `text`.
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    conversation = models.ForeignKey(Conversation, on_delete=models.CASCADE, related_name="runs")
    message = models.ForeignKey(Message, on_delete=models.CASCADE, related_name="runs")
    version = models.ForeignKey(ModelVersion, on_delete=models.PROTECT, related_name="+")
    model_name = models.CharField(max_length=160)
    state = models.CharField(max_length=12, choices=AnswerState, default=AnswerState.STREAMING)
    text = SealedText(default=bytes)
    seq = models.PositiveIntegerField(default=0)
    error_code = models.CharField(max_length=32, blank=True)
    cut_short = models.BooleanField(default=False)
    started_at = models.DateTimeField(default=timezone.now)
    heartbeat_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)
    stop_asked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["started_at", "id"]
        verbose_name = _("answer")
        constraints = [
            models.UniqueConstraint(
                fields=["conversation"], condition=Q(state=AnswerState.STREAMING), name="chat_run_one_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(state=AnswerState.STREAMING, ended_at__isnull=True)
                | ~Q(state=AnswerState.STREAMING) & Q(ended_at__isnull=False),
                name="chat_run_ended_has_end",
            ),
        ]
        indexes = [
            models.Index(fields=["heartbeat_at"], condition=Q(state=AnswerState.STREAMING), name="chat_run_alive"),
        ]

    def __str__(self) -> str:
        return f"run {self.pk} ({self.state})"
