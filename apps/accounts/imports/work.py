"""How a worker claims an import and keeps it, and what is stored of the lines.

A worker keeps an import for as long as it gives signs of life. Each batch is one transaction, which locks the import, checks
that it is still this worker's, and advances `position`. So a worker that is killed loses only its current batch,
nothing is done twice, and two workers cannot work on one import.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import islice
from typing import Any, TypeVar

from django.db import transaction
from django.utils import timezone

from apps.accounts.enums import Outcome
from apps.accounts.models import ImportFile, ImportLine, PeopleImport
from apps.core.crypto import Seal
from apps.core.text import visible

from .lines import Line
from .model import WORKING
from .reading import rows_of

SHOWN = 200  # how many lines of each outcome are stored for viewing
KEPT_AT_ONCE = 500
DEAD_AFTER = timedelta(seconds=60)  # without a sign of life from a worker
T = TypeVar("T")


class NotOurs(Exception):
    """The import was cancelled, or another worker has it."""


class SliceOver(Exception):
    """The worker has been at it for long enough: others get their turn."""


def claim(import_id: uuid.UUID) -> PeopleImport | None:
    """Return the import, claimed by this worker; None if there is nothing to do, or another worker has it."""
    with transaction.atomic():
        found = PeopleImport.objects.select_for_update().filter(pk=import_id).first()
        if found is None or found.state not in WORKING:
            return None
        if found.runner and found.touched_at > timezone.now() - DEAD_AFTER:
            return None
        found.runner, found.touched_at = secrets.token_hex(16), timezone.now()
        found.save(update_fields=["runner", "touched_at"])
        return found


@contextmanager
def hold(claimed: PeopleImport) -> Iterator[PeopleImport]:
    """Lock the import in a transaction, and save it at the end. Raises NotOurs if it is no longer this worker's.

    A sign of life is not progress: a check that starts again each time gets equally far each time. Only writing lines for good
    resets `stalls`.
    """
    with transaction.atomic():
        held = PeopleImport.objects.select_for_update().get(pk=claimed.pk)
        if (held.runner, held.state) != (claimed.runner, claimed.state):
            raise NotOurs
        held.touched_at = timezone.now()
        yield held
        if not held.has_ended:
            held.save()
    claimed.state, claimed.position = held.state, held.position


def let_go(claimed: PeopleImport) -> None:
    """Leave the import to whichever worker comes next."""
    PeopleImport.objects.filter(pk=claimed.pk, runner=claimed.runner).update(runner="")


def batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield `items` in lists of `size`; the last one may be shorter."""
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def rows_below(claimed: PeopleImport, seal: Seal) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines below the names of the columns. Raises AccountError if the file cannot be read any further."""
    raw = ImportFile.objects.only("content").get(pk=claimed.pk).read_content(seal)
    return islice(rows_of(raw), 1, None)


def outcome_of(line: Line) -> Outcome:
    """Return the outcome of a line that has been compared with the existing people."""
    if line.reason is not None:
        return Outcome.WRONG
    if line.person is None:
        return Outcome.NEW
    return Outcome.CHANGED if line.changed else Outcome.UNCHANGED


def keep(held: PeopleImport, seal: Seal, told: Iterable[tuple[Outcome, Line]], shown: Counter[Outcome]) -> None:
    """Store every wrong line and the first of the others. `shown` counts what is stored."""
    kept = []
    for outcome, line in told:
        if outcome is not Outcome.WRONG and shown[outcome] >= SHOWN:
            continue
        shown[outcome] += 1
        said: dict[str, Any] = {"email": line.email[:254], "name": line.name[:161], "fields": line.changed if line.person else []}
        if line.reason is not None:
            width = len(held.mapping)
            cells, surplus = list(line.cells[:width]), " ".join(filter(None, map(visible, line.cells[width:])))
            said |= {"reason": [line.reason.code, line.reason.words], "cells": [*cells, surplus] if surplus else cells}
        row = ImportLine(of=held, number=line.number, outcome=outcome)
        ImportLine.content.write(row, seal, json.dumps(said))
        kept.append(row)
    ImportLine.objects.bulk_create(kept, batch_size=KEPT_AT_ONCE)
