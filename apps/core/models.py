from __future__ import annotations

import uuid
from typing import Any, NoReturn

from django.db import models
from django.utils import timezone

from .enums import MessageState
from .ids import uuid7


class OwnerKey(models.Model):
    """The wrapped key of one owner (a person, or a part of the system). `wrapped` is null once destroyed."""

    owner_id = models.UUIDField(unique=True)
    kek_version = models.CharField(max_length=64)
    wrapped = models.BinaryField(null=True)
    created_at = models.DateTimeField(default=timezone.now)
    destroyed_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"key of {self.owner_id}"


class AuditQuerySet(models.QuerySet["AuditEntry"]):
    def update(self, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is append-only.")

    def delete(self) -> NoReturn:
        raise TypeError("The audit trail is append-only.")

    def bulk_create(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is written by core.audit.record, entry by entry.")


class AuditEntry(models.Model):
    """One line of the audit trail: who did what to what and why. Never the content of a prompt or an answer.

    `actor`, `subject` and a `target` that is a person are pseudonyms (see `core.audit.pseudonym`); `hash` covers the entry and
    the hash before it.
    """

    seq = models.BigIntegerField(primary_key=True)
    at = models.DateTimeField(db_index=True)
    actor = models.CharField(max_length=32, db_index=True)
    action = models.CharField(max_length=64, db_index=True)
    target = models.CharField(max_length=128, db_index=True)
    subject = models.CharField(max_length=32, blank=True, db_index=True)
    reason = models.TextField(blank=True)
    details = models.JSONField(default=dict)
    previous_hash = models.CharField(max_length=64)
    hash = models.CharField(max_length=64, unique=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-seq"]
        permissions = [("read_audit", "May read the audit trail")]

    def __str__(self) -> str:
        return f"{self.seq} {self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The audit trail is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is append-only.")


class AuditHead(models.Model):
    """The end of the chain, one row: locking it orders writers, and it shows if the tail was cut off."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="core_audithead_single")]

    def __str__(self) -> str:
        return f"audit head {self.seq}"


class OutboxMessage(models.Model):
    """A task to be run after the transaction that asked for it. Written in that transaction, so neither is ever lost alone."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.CharField(max_length=128)
    arguments = models.JSONField(default=dict)
    state = models.CharField(max_length=12, choices=MessageState, default=MessageState.PENDING)
    attempts = models.PositiveSmallIntegerField(default=0)
    available_at = models.DateTimeField(default=timezone.now)
    created_at = models.DateTimeField(default=timezone.now)
    published_at = models.DateTimeField(null=True, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    finished_at = models.DateTimeField(null=True, blank=True)
    last_error = models.TextField(blank=True)

    class Meta:
        ordering = ["created_at"]
        indexes = [models.Index(fields=["state", "available_at"], name="core_outbox_due")]
        permissions = [("manage_tasks", "May see and replay background tasks that gave up")]

    def __str__(self) -> str:
        return f"{self.task} ({self.state})"


class JobSlot(models.Model):
    """One run of a periodic job for one slot of time; unique, so that two schedulers do the work once."""

    job = models.CharField(max_length=128)
    slot = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "slot"], name="core_jobslot_once")]

    def __str__(self) -> str:
        return f"{self.job} {self.slot:%Y-%m-%d %H:%M:%S}"


class Heartbeat(models.Model):
    """When a part of the system was last known to be alive (`beat`, for `/readyz`)."""

    part = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"{self.part} {self.at:%H:%M:%S}"
