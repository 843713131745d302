"""Each process numbers what it writes, so that the removal of an entry is noticed even before it is chained (ADR 10)."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from functools import partial
from threading import Lock

from django.db import transaction
from django.db.models import Q

from apps.core.models import AuditEntry


class Writer:
    """This process, as the numbering of its entries sees it.

    The name of an entry's stamp is `process.number.kept`: the process, the number of the entry among those it began, and how many
    of them it had seen committed by then. So every entry vouches for those before it, using memory only: no lock, no query.
    """

    def __init__(self) -> None:
        self.begin()

    def begin(self) -> None:
        """Become another process from now on: after a fork, or where a database was emptied."""
        self._lock = Lock()
        self._process, self._number, self._kept = secrets.token_hex(6), 0, 0

    def next_name(self) -> str:
        """Return the name of the next entry; no other entry has it."""
        with self._lock:
            self._number += 1
            return f"{self._process}.{self._number}.{self._kept}"

    def count_when_committed(self, entries: int) -> None:
        """Count the entries that the current transaction inserts, once it is committed. Those of a rollback are not counted."""
        transaction.on_commit(partial(self._count, self._process, entries))

    def _count(self, process: str, entries: int) -> None:
        with self._lock:
            if process == self._process:
                self._kept += entries


writer = Writer()
os.register_at_fork(after_in_child=writer.begin)


@dataclass(frozen=True, slots=True)
class _Claim:
    """What the name of a stamp says: before its entry `number` of `process`, `kept` were committed."""

    process: str
    number: int
    kept: int


def _claim_of(stamp: str) -> _Claim | None:
    """Return what `stamp` says of the entries before its own; None for one from before entries were numbered."""
    match stamp.partition(":")[0].split("."):
        case [process, number, kept] if number.isdecimal() and kept.isdecimal():
            return _Claim(process, int(number), int(kept))
    return None


class Missed:
    """Compares what a walk along the chain meets with what the entries say came before them."""

    def __init__(self) -> None:
        self._met: dict[str, tuple[int, int]] = {}  # per process: the highest number, and how many entries
        self._doubtful: dict[str, None] = {}

    def meet(self, stamp: str) -> None:
        """Take note of an entry whose stamp is valid."""
        if (claim := _claim_of(stamp)) is None:
            return
        highest, count = self._met.get(claim.process, (0, 0))
        if claim.number > highest and count < claim.kept:
            self._doubtful[claim.process] = None
        self._met[claim.process] = max(highest, claim.number), count + 1

    def find(self) -> tuple[int, int] | None:
        """Return the first entry (its `seq`) that claims more entries before it than there are, and how many are missing.

        Doubtful processes are looked at again, each at one moment: entries that the walk did not meet may still wait for their
        place, may have been chained meanwhile, or may come before its start. One query for each process in doubt.
        """
        for process in self._doubtful:
            # Numbers of the chain begin at 1: an entry below that was put where no walk passes.
            there = AuditEntry.objects.filter(Q(seq=None) | Q(seq__gt=0), stamp__startswith=f"{process}.")
            rows = there.order_by("pk").values_list("stamp", "seq")
            claims = [(claim, seq) for stamp, seq in rows if (claim := _claim_of(stamp or ""))]
            claims.sort(key=lambda found: found[0].number)
            for before, (claim, seq) in enumerate(claims):
                if seq is not None and before < claim.kept:
                    return seq, claim.kept - before
        return None
