from __future__ import annotations

import uuid
from collections.abc import Sequence
from typing import Any, NoReturn

from django.db import DatabaseError, connection, models
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
        raise TypeError("The audit trail is written by core.audit.record and record_many.")

    def waiting(self) -> AuditQuerySet:
        """Return the entries that have no place in the chain yet."""
        return self.filter(seq=None)

    def append(self, entries: Sequence[AuditEntry]) -> None:
        """Insert new entries that wait for their place, in one statement. For core.audit."""
        if not all(entry._state.adding and entry.seq is None for entry in entries):
            raise TypeError("The audit trail is append-only.")
        super().bulk_create(entries)

    def place(self, entries: Sequence[AuditEntry]) -> None:
        """Store the places of entries that waited; those that already have a place keep it. For core.audit."""
        with connection.cursor() as cursor:
            cursor.executemany(
                "UPDATE core_auditentry SET seq = %s, previous_hash = %s, hash = %s WHERE id = %s AND seq IS NULL",
                [(entry.seq, entry.previous_hash, entry.hash, entry.pk) for entry in entries],
            )
            if entries and cursor.rowcount != len(entries):
                raise DatabaseError("An audit entry was chained twice or removed meanwhile.")


class AuditEntry(models.Model):
    """One line of the audit trail: who did what to what and why. Never the content of a prompt or an answer.

    `actor`, `subject` and a `target` that is a person are pseudonyms (see `core.audit.pseudonym`). `stamp` is a keyed digest of
    the whole content, made at insertion; null in entries from before stamps existed. `seq`, `previous_hash` and `hash`, the
    place in the chain, are filled in once, by the job `core.chain_audit`; `hash` covers the stamp and the hash before it.
    """

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField()
    actor = models.CharField(max_length=32)
    action = models.CharField(max_length=64)
    target = models.CharField(max_length=128)
    subject = models.CharField(max_length=32, blank=True)
    reason = models.TextField(blank=True)
    details = models.JSONField(default=dict)
    stamp = models.CharField(max_length=97, null=True, unique=True)  # noqa: DJ001  null: several entries have none
    seq = models.BigIntegerField(null=True, unique=True)
    previous_hash = models.CharField(max_length=64, blank=True)
    hash = models.CharField(max_length=64, blank=True)

    objects = AuditQuerySet.as_manager()

    class Meta:
        ordering = ["-at", "-id"]
        permissions = [("read_audit", "May read the audit trail")]
        indexes = [
            models.Index(fields=["at", "id"], name="core_audit_at"),
            models.Index(fields=["action", "at", "id"], name="core_audit_action"),
            models.Index(fields=["actor", "at"], name="core_audit_actor"),
            models.Index(fields=["subject", "at"], name="core_audit_subject", condition=~models.Q(subject="")),
            models.Index(fields=["target"], name="core_audit_target"),
            models.Index(fields=["at", "id"], name="core_audit_waiting", condition=models.Q(seq=None)),
        ]

    def __str__(self) -> str:
        return f"{self.pk} {self.action} {self.target}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if not self._state.adding:
            raise TypeError("The audit trail is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *args: Any, **kwargs: Any) -> NoReturn:
        raise TypeError("The audit trail is append-only.")


class AuditHead(models.Model):
    """The end of the chain, one row: its lock makes sure that only one job chains at a time, and it reveals a tail that was cut
    off. `unstamped`: the last entry from before entries had a stamp."""

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    seq = models.BigIntegerField(default=0)
    hash = models.CharField(max_length=64, default="0" * 64)
    unstamped = models.BigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="core_audithead_single")]

    def __str__(self) -> str:
        return f"audit head {self.seq}"


class AuditSeal(models.Model):
    """Where the chain stood when `day` (UTC) was over: after entry `seq`, whose hash is `hash`.

    `entries`: how many were chained since the previous seal. `last_id`: the highest id among all of them so far; `unused`: how
    many ids up to it, since the previous seal, have no entry. `mark` is a keyed digest of these. `verified_at`: when a
    verification last walked past.
    """

    day = models.DateField(unique=True)
    seq = models.BigIntegerField(unique=True)
    hash = models.CharField(max_length=64)
    last_id = models.BigIntegerField()
    entries = models.PositiveIntegerField()
    unused = models.IntegerField()
    mark = models.CharField(max_length=64)
    sealed_at = models.DateTimeField(default=timezone.now)
    verified_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["seq"]

    def __str__(self) -> str:
        return f"audit seal {self.day}"


class OutboxMessage(models.Model):
    """A task to be run after the transaction that asked for it. Written in that transaction: neither is ever lost without the
    other."""

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
    """One run of a periodic job for one time slot; unique, so that with two schedulers the work is done once."""

    job = models.CharField(max_length=128)
    slot = models.DateTimeField()
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "slot"], name="core_jobslot_once")]

    def __str__(self) -> str:
        return f"{self.job} {self.slot:%Y-%m-%d %H:%M:%S}"


class Heartbeat(models.Model):
    """When a part of the system was last known to work: `beat` (for `/readyz`), `mail` (an e-mail was sent)."""

    part = models.CharField(max_length=64, primary_key=True)
    at = models.DateTimeField(default=timezone.now)

    class Meta:
        permissions = [("set_up", "May see how far putting the portal into service is")]

    def __str__(self) -> str:
        return f"{self.part} {self.at:%H:%M:%S}"

    @classmethod
    def note(cls, part: str) -> None:
        """Note that `part` works now."""
        cls.objects.update_or_create(part=part, defaults={"at": timezone.now()})
