from __future__ import annotations

import base64
import json
import uuid
import zlib
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts.enums import ImportState, Outcome
from apps.accounts.secrecy import OWNER
from apps.core.crypto import Seal, SealedText, new_data_key, open_seal
from apps.core.ids import uuid7

KEEP_WAITING = timedelta(days=7)  # a file that nobody went on with
KEEP_RESULTS = timedelta(days=30)  # lines that were given back
WORKING = (ImportState.CHECKING, ImportState.APPLYING)
WAITING = (ImportState.COLUMNS, ImportState.CHECKED)
LARGE_SHARE = 0.02  # of the open accounts: closing more asks for confirmation twice


class PeopleImport(models.Model):
    """One file of people on its way: who sent it, what its columns mean, what was found in it and what was done.

    `position`: how many lines, and after them how many accounts to close, are done; advanced in the transaction that handles
    them. `runner`: the worker that has it, and `touched_at` its last sign of life. `checked`, `applied`: counts by name.
    `creating`: codes of the directory that may be created, by column. `round`: how often it was checked. What names people is
    stored encrypted under `data_key`: `head` (names of the columns, sample cells), `findings` (unknown codes).
    """

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    language = models.CharField(max_length=8)
    file_name = models.CharField(max_length=200)
    size = models.PositiveIntegerField()
    digest = models.CharField(max_length=64, db_index=True)
    headers_digest = models.CharField(max_length=64)
    data_key = models.BinaryField()
    head = SealedText(default=bytes)
    findings = SealedText(default=bytes)
    state = models.CharField(max_length=12, choices=ImportState, default=ImportState.COLUMNS)
    mapping = models.JSONField(default=list)
    all_or_nothing = models.BooleanField(default=True)
    close_absent = models.BooleanField(default=False)
    creating = models.JSONField(default=dict)
    round = models.PositiveIntegerField(default=0)
    checked = models.JSONField(default=dict)
    applied = models.JSONField(default=dict)
    became_wrong = models.BooleanField(default=False)
    trouble = models.TextField(blank=True)
    has_lines = models.BooleanField(default=True)
    position = models.PositiveIntegerField(default=0)
    runner = models.CharField(max_length=32, blank=True)
    stalls = models.PositiveSmallIntegerField(default=0)
    touched_at = models.DateTimeField(default=timezone.now)
    applied_by = models.ForeignKey(settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+")
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at", "-id"]
        verbose_name = _("import of people")
        indexes = [
            models.Index(fields=["headers_digest", "created_at"], name="accounts_import_headers"),
            models.Index(fields=["state", "touched_at"], name="accounts_import_state"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(ended_at=None, state__in=[*WORKING, *WAITING])
                | ~models.Q(state__in=[*WORKING, *WAITING]) & models.Q(ended_at__isnull=False),
                name="accounts_import_ended_has_end",
            )
        ]

    def __str__(self) -> str:
        return self.file_name

    def draw_key(self) -> Seal:
        """Give this import a data key of its own; return its seal. Raises CryptoError."""
        self.data_key = new_data_key(OWNER)
        return self.seal()

    def seal(self) -> Seal:
        """Return what encrypts and decrypts what is stored of the file. One query. Raises CryptoError."""
        return open_seal(self.data_key, OWNER)

    def read_head(self, seal: Seal) -> tuple[list[str], list[list[str]]]:
        """Return the names of the columns and sample lines; nothing once they are deleted."""
        said = PeopleImport.head.read(self, seal)
        return tuple(json.loads(said)) if said else ([], [])

    def read_findings(self, seal: Seal) -> dict[str, Any]:
        said = PeopleImport.findings.read(self, seal)
        return dict(json.loads(said)) if said else {}

    def end(self, state: ImportState, trouble: str = "") -> None:
        """Set how it ended and why, and delete the file. What was given back stays for a while.

        If nothing was applied, nothing of the file stays: no job removes it later.
        """
        self.state, self.trouble, self.runner = state, trouble, ""
        self.ended_at = self.touched_at = timezone.now()
        self.has_lines = bool(self.applied)
        if not self.has_lines:
            self.head = self.findings = b""
        self.save()
        ImportFile.objects.filter(of=self).delete()
        if not self.has_lines:  # what would have become of each line is no longer needed
            ImportLine.objects.filter(of=self).delete()

    @property
    def is_working(self) -> bool:
        return self.state in WORKING

    @property
    def has_ended(self) -> bool:
        return self.ended_at is not None

    @property
    def tone(self) -> str:
        """The colour of its state's badge, beside the word."""
        if self.is_working:
            return "accent"
        return {ImportState.DONE: "good", ImportState.FAILED: "bad"}.get(
            ImportState(self.state), "outline" if self.has_ended else "warm"
        )

    @property
    def steps(self) -> int:
        """How many lines and accounts there are to go through."""
        return int(self.checked.get("lines", 0)) + (int(self.checked.get("absent", 0)) if self.close_absent else 0)

    @property
    def counts(self) -> dict[str, int]:
        """What was done, if it was applied; else what the check says would be done."""
        counts: dict[str, int] = self.applied or self.checked
        return counts

    @property
    def results(self) -> list[int | None]:
        """How many were added, changed, given back and closed; None until something has been applied."""
        return [self.applied.get(name) for name in ("new", "changed", "wrong", "closed")]

    @property
    def closes_many(self) -> bool:
        """Whether so many accounts would be closed that confirmation is asked for twice."""
        return self.close_absent and self.checked.get("absent", 0) > LARGE_SHARE * self.checked.get("open", 0)

    @property
    def kept_until(self) -> datetime:
        """When the file, or what is stored of its lines, is deleted."""
        return self.ended_at + KEEP_RESULTS if self.ended_at is not None else self.touched_at + KEEP_WAITING


class ImportFile(models.Model):
    """The file of an import, and who is absent from it, until the import has ended. Both are stored encrypted."""

    of = models.OneToOneField(PeopleImport, primary_key=True, on_delete=models.CASCADE, related_name="file")
    content = SealedText()
    absent = SealedText(default=bytes)

    def __str__(self) -> str:
        return f"file of import {self.pk}"

    def write_content(self, seal: Seal, raw: bytes) -> None:
        """Set the bytes of the file; does not save."""
        ImportFile.content.write(self, seal, base64.b64encode(zlib.compress(raw, 3)).decode("ascii"))

    def read_content(self, seal: Seal) -> bytes:
        return zlib.decompress(base64.b64decode(ImportFile.content.read(self, seal)))

    def read_absent(self, seal: Seal) -> list[str]:
        """Return the ids of those whom the file does not name."""
        said = ImportFile.absent.read(self, seal)
        return list(json.loads(said)) if said else []


class ImportLine(models.Model):
    """A line worth showing: every wrong one, and the first of the others. Its content is stored encrypted."""

    id: models.UUIDField[uuid.UUID, uuid.UUID] = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    of = models.ForeignKey(PeopleImport, on_delete=models.CASCADE, related_name="lines")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=12, choices=Outcome)
    content = SealedText()

    class Meta:
        ordering = ["number", "id"]
        indexes = [models.Index(fields=["of", "outcome", "number"], name="accounts_import_lines")]

    def __str__(self) -> str:
        return f"line {self.number}"
