"""The audit trail: append-only, hash-chained, pseudonymous."""

from __future__ import annotations

import hashlib
import hmac
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.db import models, transaction
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from .models import AuditEntry, AuditHead

SYSTEM = "system"

_labels: dict[str, Any] = {}


def declare(labels: Mapping[str, Any]) -> None:
    """Tell how staff read actions: `app.verb` and what was done, as a short phrase (lazy translation). For an app's `trail.py`.

    Declaring an action twice is an error.
    """
    if twice := _labels.keys() & labels.keys():
        raise ValueError(f"Declared twice: {', '.join(sorted(twice))}.")
    _labels.update(labels)


def declared() -> frozenset[str]:
    """Return the actions that have a label."""
    return frozenset(_labels)


def label_of(action: str) -> str:
    """Return what `action` means, in the language in force. One that no code records any more stands for itself."""
    return str(_labels.get(action, action))


def pseudonym(user: models.Model | None) -> str:
    """Return the stable pseudonym of `user` in the trail (`system` for None). Only who holds the key can go back."""
    if user is None:
        return SYSTEM
    return _pseudonym_of(str(user.pk))


def _pseudonym_of(key: str) -> str:
    return hmac.new(settings.AUDIT_KEY.encode(), f"audit:{key}".encode(), hashlib.sha256).hexdigest()[:32]


def _target_of(thing: models.Model | str) -> str:
    if isinstance(thing, str):
        return thing
    key = pseudonym(thing) if isinstance(thing, get_user_model()) else thing.pk
    return f"{thing._meta.label}:{key}"


def shown_target(target: str) -> str:
    """Return the target of an entry as it may be shown: entries from before people were pseudonymous there name their id."""
    label, _, key = target.partition(":")
    is_plain = label == get_user_model()._meta.label and "-" in key
    return f"{label}:{_pseudonym_of(key)}" if is_plain else target


def entries_of(person: models.Model) -> models.Q:
    """Return the condition for entries that `person` wrote or that are about them, whether or not they name a plain id."""
    mark = pseudonym(person)
    targets = [_target_of(person), f"{person._meta.label}:{person.pk}"]
    return models.Q(actor=mark) | models.Q(subject=mark) | models.Q(target__in=targets)


def _digest(entry: AuditEntry) -> str:
    body = [
        entry.seq,
        entry.at.astimezone(UTC).isoformat(),
        entry.actor,
        entry.action,
        entry.target,
        entry.subject,
        entry.reason,
        entry.details,
        entry.previous_hash,
    ]
    return hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()


def record(
    *,
    actor: models.Model | None,
    action: str,
    target: models.Model | str,
    subject: models.Model | None = None,
    reason: str = "",
    details: dict[str, Any] | None = None,
) -> AuditEntry:
    """Append one entry, inside the caller's transaction: the write and its trace live or die together.

    `actor`: the person who acts (None: the system). `action`: `app.verb`, for example `access.grant_waiver`; the app's `trail.py`
    says how staff read it.
    `target`: a model instance (a person is kept under their pseudonym) or `app.Model:pk`.
    `subject`: the person concerned, when there is one.
    `details`: JSON values; never content of prompts, answers or documents.
    Raises TransactionManagementError outside a transaction.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError("An audit entry belongs in the transaction of what it tells.")
    head = AuditHead.objects.select_for_update().filter(pk=1).first()
    if head is None:
        # Made in a savepoint: of two first writers at once, the second takes the first one's row and waits for its lock.
        AuditHead.objects.get_or_create(pk=1)
        head = AuditHead.objects.select_for_update().get(pk=1)
    entry = AuditEntry(
        seq=head.seq + 1,
        at=timezone.now(),
        actor=pseudonym(actor),
        action=action,
        target=_target_of(target),
        subject=pseudonym(subject) if subject is not None else "",
        reason=reason,
        details=details or {},
        previous_hash=head.hash,
    )
    entry.hash = _digest(entry)
    entry.save(force_insert=True)
    AuditHead.objects.filter(pk=1).update(seq=entry.seq, hash=entry.hash)
    return entry


def head() -> tuple[int, str]:
    """Return number and hash of the last entry: kept somewhere else, they prove that nothing was cut off or written anew."""
    row = AuditHead.objects.filter(pk=1).first() or AuditHead()
    return row.seq, row.hash


@dataclass(frozen=True, slots=True)
class Problem:
    """Where the chain breaks. `str()` is a sentence in the language in force; `written` is the same in English, whoever asked
    and in whatever language: what the trail keeps and what commands print."""

    sentence: str
    entry: int
    other: int = 0

    def __str__(self) -> str:
        return self._fill(gettext(self.sentence))

    @property
    def written(self) -> str:
        return self._fill(self.sentence)

    def _fill(self, sentence: str) -> str:
        return sentence % {"entry": self.entry, "other": self.other}


_MISSING = gettext_noop("Entry %(entry)s is missing.")
_CHANGED = gettext_noop("Entry %(entry)s was changed.")
_ANEW = gettext_noop("Entry %(entry)s is not the one whose hash was kept: the trail was written anew.")
_CUT_OFF = gettext_noop("The trail ends at entry %(entry)s, but %(other)s were written.")
_NOT_KEPT = gettext_noop("The trail ends at entry %(entry)s, but entry %(other)s was kept.")


def read_problem(written: str) -> str:
    """Return in the language in force what `Problem.written` keeps; a sentence that is none of ours as it is."""
    for sentence in (_MISSING, _CHANGED, _ANEW, _CUT_OFF, _NOT_KEPT):
        pattern = re.escape(sentence)
        for name in ("entry", "other"):
            pattern = pattern.replace(re.escape(f"%({name})s"), f"(?P<{name}>[0-9]+)")
        if numbers := re.fullmatch(pattern, written):
            return str(Problem(sentence, **{name: int(value) for name, value in numbers.groupdict().items()}))
    return written


def verify(*, kept: tuple[int, str] | None = None) -> Problem | None:
    """Walk the whole chain; return None when it holds, else which entry is the first broken one.

    `kept`: a `head()` that was kept outside. Who can write to the database can make a new chain, but not one that holds it.
    """
    previous, seq = "0" * 64, 0
    met = kept is None or kept[0] == 0
    for entry in AuditEntry.objects.order_by("seq").iterator():
        if entry.seq != seq + 1:
            return Problem(_MISSING, seq + 1)
        if entry.previous_hash != previous or entry.hash != _digest(entry):
            return Problem(_CHANGED, entry.seq)
        previous, seq = entry.hash, entry.seq
        if kept is not None and entry.seq == kept[0]:
            if entry.hash != kept[1]:
                return Problem(_ANEW, entry.seq)
            met = True
    written = head()
    if written != (seq, previous):
        return Problem(_CUT_OFF, seq, written[0])
    if not met:
        return Problem(_NOT_KEPT, seq, kept[0] if kept else 0)
    return None
