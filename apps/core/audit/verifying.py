"""Walking the chain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Sum
from django.utils import timezone
from django.utils.translation import gettext, gettext_noop

from apps.core.models import AuditEntry, AuditHead, AuditSeal

from . import digests
from .chaining import head
from .numbering import Missed

BATCH = 2000


@dataclass(frozen=True, slots=True)
class Problem:
    """Where the chain breaks. `str()` is a sentence in the active language; `written` is the same in English, whoever asked
    and in whatever language: the trail stores it and commands print it."""

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
_CHANGED_WAITING = gettext_noop("An entry that is not chained yet (id %(entry)s) was changed.")
_SEAL = gettext_noop("The seal after entry %(entry)s was changed, or the trail before it.")
_ANEW = gettext_noop("Entry %(entry)s is not the one whose hash was kept: the trail was rewritten.")
_CUT_OFF = gettext_noop("The trail ends at entry %(entry)s, but %(other)s were written.")
_NOT_KEPT = gettext_noop("The trail ends at entry %(entry)s, but entry %(other)s was kept.")
_REMOVED = gettext_noop("Entry %(entry)s says that entries were written before it; missing: %(other)s.")
_SENTENCES = (_MISSING, _CHANGED, _CHANGED_WAITING, _SEAL, _ANEW, _CUT_OFF, _NOT_KEPT, _REMOVED)


def read_problem(written: str) -> str:
    """Return in the active language what `Problem.written` stores; a sentence that is not one of ours is returned as it is."""
    for sentence in _SENTENCES:
        pattern = re.escape(sentence)
        for name in ("entry", "other"):
            pattern = pattern.replace(re.escape(f"%({name})s"), f"(?P<{name}>[0-9]+)")
        if numbers := re.fullmatch(pattern, written):
            return str(Problem(sentence, **{name: int(value) for name, value in numbers.groupdict().items()}))
    return written


def verify(*, kept: tuple[int, str] | None = None, verified_since: datetime | None = None) -> Problem | None:
    """Walk the chain and what waits for it; return None when all is well, else the first thing that is broken.

    `kept`: a `head()` that was kept outside. Whoever can write to the database can make a new chain, but not one that contains
    it. `verified_since`: do not walk again what a verification has walked since then; None walks everything. Each seal that is
    passed notes when, so that a long walk that was interrupted continues from there.
    Call it outside a transaction: it may take long, and entries that are chained meanwhile are walked as well.
    """
    resumed = _resumed_at(verified_since)
    previous, seq = (resumed.hash, resumed.seq) if resumed else (digests.FIRST, 0)
    missed = Missed()
    unstamped = (AuditHead.objects.filter(pk=1).first() or AuditHead()).unstamped
    seals = {seal.seq: seal for seal in AuditSeal.objects.filter(seq__gt=seq)}
    if resumed and not AuditEntry.objects.filter(seq=seq, hash=previous).exists():
        return Problem(_SEAL, seq)
    kept_seq, kept_hash = kept or (0, digests.FIRST)
    if 0 < kept_seq <= seq and not AuditEntry.objects.filter(seq=kept_seq, hash=kept_hash).exists():
        return Problem(_ANEW, kept_seq)
    while True:
        written = head()  # before the entries are read: they must include what it counts
        entries = list(AuditEntry.objects.filter(seq__gt=seq).order_by("seq")[:BATCH])
        if not entries:
            break
        for entry in entries:
            if entry.seq != seq + 1:
                return Problem(_MISSING, seq + 1)
            if (
                entry.previous_hash != previous
                or entry.hash != digests.hash_of(entry)
                or not (digests.is_stamped(entry) if entry.stamp else entry.seq <= unstamped)
            ):
                return Problem(_CHANGED, entry.seq)
            previous, seq = entry.hash, entry.seq
            missed.meet(entry.stamp or "")
            if seq == kept_seq and entry.hash != kept_hash:
                return Problem(_ANEW, seq)
            if (seal := seals.pop(seq, None)) is not None:
                if seal.hash != entry.hash or seal.mark != digests.mark_of(seal):
                    return Problem(_SEAL, seq)
                AuditSeal.objects.filter(pk=seal.pk).update(verified_at=timezone.now())
    if written != (seq, previous) or seals:
        return Problem(_CUT_OFF, seq, max([written[0], *seals]))
    if seq < kept_seq:
        return Problem(_NOT_KEPT, seq, kept_seq)
    for entry in AuditEntry.objects.waiting().order_by("at", "id").iterator():
        if not digests.is_stamped(entry):
            return Problem(_CHANGED_WAITING, entry.pk)
    removed = missed.find()
    return Problem(_REMOVED, *removed) if removed else None


def _resumed_at(verified_since: datetime | None) -> AuditSeal | None:
    """Return the last of the unbroken series of seals, from the first on, that were verified since then and are unchanged."""
    found = None
    if verified_since is not None:
        for seal in AuditSeal.objects.order_by("seq"):
            if seal.verified_at is None or seal.verified_at < verified_since or seal.mark != digests.mark_of(seal):
                break
            found = seal
    return found


def unused_numbers() -> int:
    """Return how many ids of the days sealed so far have no entry: their transactions were rolled back, or the entries were
    removed before they were chained. SQLite reuses the ids of what was rolled back: there it is always the latter."""
    return AuditSeal.objects.aggregate(unused=Sum("unused", default=0))["unused"] or 0
