"""What a worker does with an import: checks it, or applies it, batch by batch.

A worker claims an import for as long as it gives signs of life. Each batch is one transaction, which holds the import, looks
whether it is still this worker's, and moves `position` on. So a worker that is killed loses the batch it was at and no more,
nothing is done twice, and two workers cannot be at one import.
"""

from __future__ import annotations

import json
import secrets
import time
import uuid
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from itertools import islice
from typing import Any, TypeVar

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.accounts.directory.kinds import BY_COLUMN
from apps.accounts.enums import ImportState, Outcome
from apps.accounts.errors import AccountError
from apps.accounts.imports.columns import PLACES
from apps.accounts.imports.lines import Line, Reader, compare
from apps.accounts.imports.model import WORKING
from apps.accounts.imports.reading import rows_of
from apps.accounts.models import ImportFile, ImportLine, PeopleImport, User
from apps.accounts.queries import directory, people_who_may_be_closed
from apps.core import audit, outbox, schedule
from apps.core.crypto import Seal

from .directory import create_entry
from .people import deactivate_person

CHECK_BATCH = 2000
BATCH = 500  # lines that are applied in one transaction
CLOSE_BATCH = 50
SHOWN = 200  # lines of each outcome that are kept to be looked at
MOST_CODES = 500  # unknown codes of one column: with more of them it is another column
SLICE_SECONDS = 120.0  # then others have their turn
DEAD_AFTER = timedelta(seconds=60)  # a worker without a sign of life
TRIES = 5  # of a batch that meets another writer; of an import that comes to a halt
NAMES = ("first_name", "last_name")
T = TypeVar("T")


class _NotOurs(Exception):
    """The import was cancelled, or another worker is at it."""


class _SliceOver(Exception):
    """Others have their turn."""


@outbox.task
def go_on_with_import(*, import_id: str) -> None:
    """Check or apply an import from where it stands; after `SLICE_SECONDS` the rest is asked for anew.

    What it writes: lines of the import, and when it is applied people, entries of the directory, closed accounts, each with its
    audit entry, and one for the import when it is done. A file that cannot be read to its end ends the import.
    """
    claimed = _claim(uuid.UUID(import_id))
    if claimed is None:
        return
    try:
        with translation.override(claimed.language):
            if claimed.state == ImportState.CHECKING:
                _check(claimed)
            else:
                _apply(claimed)
    except _NotOurs:
        return
    except _SliceOver:
        with _hold(claimed) as held:
            held.runner = ""
            outbox.enqueue(go_on_with_import, import_id=import_id)
    except AccountError as refusal:
        with _hold(claimed) as held:
            _fail(held, str(refusal))
    except BaseException:
        _let_go(claimed)  # the next attempt need not wait until this one counts as dead
        raise


@schedule.every(seconds=30)
def resume_imports() -> None:
    """Hand over again what a worker left behind. An import that comes to a halt again and again is given up.

    Writes an outbox message for each, and an audit entry for one that is given up.
    """
    for pk in PeopleImport.objects.filter(state__in=WORKING, touched_at__lt=timezone.now() - DEAD_AFTER).values_list(
        "pk", flat=True
    ):
        with transaction.atomic():
            found = PeopleImport.objects.select_for_update().get(pk=pk)
            if found.state not in WORKING or found.touched_at > timezone.now() - DEAD_AFTER:
                continue
            found.runner, found.stalls, found.touched_at = "", found.stalls + 1, timezone.now()
            if found.stalls > TRIES:
                with translation.override(found.language):
                    _fail(found, _("The import came to a halt several times. The log of the workers tells why."))
            else:
                found.save(update_fields=["runner", "stalls", "touched_at"])
                outbox.enqueue(go_on_with_import, import_id=str(pk))


def _claim(import_id: uuid.UUID) -> PeopleImport | None:
    """Return the import, taken by this worker; None where there is nothing to do, or somebody does it."""
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
def _hold(claimed: PeopleImport) -> Iterator[PeopleImport]:
    """Hold the import in a transaction, and save it at the end. Raises _NotOurs where it is not this worker's any more."""
    with transaction.atomic():
        held = PeopleImport.objects.select_for_update().get(pk=claimed.pk)
        if (held.runner, held.state) != (claimed.runner, claimed.state):
            raise _NotOurs
        held.touched_at, held.stalls = timezone.now(), 0
        yield held
        if not held.has_ended:
            held.save()
    claimed.state, claimed.position = held.state, held.position


def _let_go(claimed: PeopleImport) -> None:
    PeopleImport.objects.filter(pk=claimed.pk, runner=claimed.runner).update(runner="")


def _fail(held: PeopleImport, why: str) -> None:
    held.end(ImportState.FAILED, why)
    audit.record(actor=None, action="accounts.fail_import", target=held, details={"digest": held.digest[:32], **held.applied})


def _batches(items: Iterable[T], size: int) -> Iterator[list[T]]:
    rest = iter(items)
    while batch := list(islice(rest, size)):
        yield batch


def _rows(claimed: PeopleImport, seal: Seal) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines below the names of the columns."""
    raw = ImportFile.objects.only("content").get(pk=claimed.pk).read_content(seal)
    return islice(rows_of(raw), 1, None)


def _keep(held: PeopleImport, seal: Seal, told: Iterable[tuple[Outcome, Line]], shown: Counter[Outcome]) -> None:
    """Keep every wrong line and the first of the others. `shown` counts what is kept."""
    kept = []
    for outcome, line in told:
        if outcome is not Outcome.WRONG and shown[outcome] >= SHOWN:
            continue
        shown[outcome] += 1
        said: dict[str, Any] = {"email": line.email[:254], "name": line.name[:161], "fields": line.changed if line.person else []}
        if line.reason is not None:
            width = len(held.mapping) + 1  # what is more stands in one cell too many
            said |= {"reason": [line.reason.code, line.reason.words], "cells": list(line.cells[:width])}
        row = ImportLine(of=held, number=line.number, outcome=outcome)
        ImportLine.content.write(row, seal, json.dumps(said))
        kept.append(row)
    ImportLine.objects.bulk_create(kept, batch_size=BATCH)


def _outcome(line: Line) -> Outcome:
    if line.reason is not None:
        return Outcome.WRONG
    if line.person is None:
        return Outcome.NEW
    return Outcome.CHANGED if line.changed else Outcome.UNCHANGED


# Checking ------------------------------------------------------------------------------------------------------------
def _check(claimed: PeopleImport) -> None:
    """Look at every line, and at who is absent; write down what would happen."""
    seal = claimed.seal()
    counts, named = _look_at_lines(claimed, seal)
    absent = _absent(claimed, named) if claimed.close_absent else []
    with _hold(claimed) as held:
        file = ImportFile(of=held)
        ImportFile.absent.write(file, seal, json.dumps(absent))
        ImportFile.objects.filter(pk=held.pk).update(absent=file.absent)
        opened = User.objects.filter(is_active=True).count()
        _stand_checked(held, {**counts, "absent": len(absent), "open": opened})


def _stand_checked(held: PeopleImport, counts: dict[str, int]) -> None:
    held.checked, held.state, held.runner, held.position = counts, ImportState.CHECKED, "", 0


def _look_at_lines(claimed: PeopleImport, seal: Seal) -> tuple[dict[str, int], set[str]]:
    """Keep the lines worth telling and the codes that are unknown; return the counts, and the addresses that are named."""
    with _hold(claimed) as held:
        ImportLine.objects.filter(of=held).delete()
        held.position = 0
    reader = Reader(claimed.mapping, directory(), claimed.creating)
    counts: Counter[str] = Counter()
    shown: Counter[Outcome] = Counter()
    unknown: dict[str, Counter[str]] = defaultdict(Counter)
    for batch in _batches(reader.lines(_rows(claimed, seal)), CHECK_BATCH):
        compare(batch)
        told = [(_outcome(line), line) for line in batch]
        counts.update(outcome.value for outcome, _line in told)
        counts["nameless"] += sum(not line.has_address for line in batch)
        for line in batch:
            for column, code in line.unknown.items():
                unknown[column][code] += 1
        with _hold(claimed) as held:
            _keep(held, seal, told, shown)
            held.position += len(batch)
    codes = {column: sorted(found.items(), key=lambda item: -item[1]) for column, found in unknown.items()}
    findings = {
        "unknown": {column: found for column, found in codes.items() if len(found) <= MOST_CODES},
        "too_many": {column: len(found) for column, found in codes.items() if len(found) > MOST_CODES},
    }
    with _hold(claimed) as held:
        PeopleImport.findings.write(held, seal, json.dumps(findings))
    told_counts = {name: counts[name] for name in (*Outcome.values, "nameless")}
    return {**told_counts, "lines": claimed.position}, reader.named


def _absent(claimed: PeopleImport, named: set[str]) -> list[str]:
    """Return the ids of those with an open account whom no line names, by any address of theirs."""
    but = [claimed.created_by_id, *([claimed.applied_by_id] if claimed.applied_by_id else [])]
    named_people = {
        person
        for person, email in EmailAddress.objects.order_by("pk").values_list("user_id", "email").iterator()
        if email in named
    }
    people = people_who_may_be_closed().exclude(pk__in=but).order_by("pk").values_list("pk", "email")
    return [str(pk) for pk, email in people.iterator() if email not in named and pk not in named_people]


# Applying ------------------------------------------------------------------------------------------------------------
def _apply(claimed: PeopleImport) -> None:
    """Do what the check showed, from where it stands. With all or nothing every line is checked once more before the first is
    written: where one became wrong, the import stands checked again, and nothing is written."""
    seal = claimed.seal()
    deadline = time.monotonic() + SLICE_SECONDS
    if not claimed.applied:
        if claimed.all_or_nothing:
            counts, _named = _look_at_lines(claimed, seal)
            if counts["wrong"]:
                with _hold(claimed) as held:
                    _stand_checked(held, {**held.checked, **counts})
                    held.round, held.became_wrong, held.applied_by = held.round + 1, True, None
                return
        with _hold(claimed) as held:
            _begin(held)
    reader = Reader(claimed.mapping, directory())
    done = claimed.position
    lines_before = 0
    for batch in _batches(_rows(claimed, seal), BATCH):
        if lines_before + len(batch) <= done:
            for number, cells in batch:
                reader.line(number, cells)  # which addresses stood there counts for what follows
        else:
            skipped = max(0, done - lines_before)
            for number, cells in batch[:skipped]:
                reader.line(number, cells)
            _meet_others(lambda rest=batch[skipped:]: _apply_batch(claimed, seal, reader, rest))  # type: ignore[misc]
            if time.monotonic() > deadline:
                raise _SliceOver
        lines_before += len(batch)
    if claimed.close_absent:
        _close(claimed, seal, reader.named, lines_before, deadline)
    with _hold(claimed) as held:
        held.end(ImportState.DONE)
        audit.record(
            actor=held.applied_by,
            action="accounts.import_people",
            target=held,
            details={"digest": held.digest[:32], **{name: count for name, count in held.applied.items() if count}},
        )


def _begin(held: PeopleImport) -> None:
    """Make the entries of the directory that were asked for, and forget what the check kept of the lines."""
    assert held.applied_by is not None
    known = directory()
    made = 0
    for column, codes in held.creating.items():
        kind = BY_COLUMN[column]
        for code in codes:
            if known.find(column, code) is None and not known.is_closed(column, code):
                with suppress(AccountError):  # somebody made it this very moment
                    values = {"code": code, **dict.fromkeys(kind.model.NAMES, code)}
                    create_entry(kind=kind, values=values, actor=held.applied_by)
                    made += 1
    ImportLine.objects.filter(of=held).delete()
    held.position = 0
    held.applied = {**{outcome.value: 0 for outcome in Outcome}, "closed": 0, "created": made}


def _meet_others(work: Any) -> None:
    """Do `work`, again where somebody else wrote the same at that moment: then it finds what they wrote."""
    for turn in range(1, TRIES + 1):
        try:
            return work()
        except (IntegrityError, OperationalError):
            if turn == TRIES:
                raise
            time.sleep(0.05 * turn)


def _apply_batch(claimed: PeopleImport, seal: Seal, reader: Reader, rows: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Check these lines again and write the right ones: one transaction, as many queries whatever the lines."""
    with _hold(claimed) as held:
        reader.known = directory()
        lines = [reader.line(number, cells) for number, cells in rows]
        compare(lines, hold=True)
        told = [(_outcome(line), line) for line in lines]
        counts = Counter(outcome.value for outcome, _line in told)
        _enter(held, [line for outcome, line in told if outcome is Outcome.NEW])
        _change(held, [line for outcome, line in told if outcome is Outcome.CHANGED], reader)
        shown = Counter({Outcome(name): count for name, count in held.applied.items() if name in Outcome.values})
        _keep(held, seal, told, shown)
        for name, count in counts.items():
            held.applied[name] += count
        held.position += len(rows)


def _enter(held: PeopleImport, lines: Sequence[Line]) -> None:
    # In the order of their addresses: two imports of the same people wait for each other instead of for ever.
    people = [
        User(email=line.email, password=make_password(None), **line.values) for line in sorted(lines, key=lambda line: line.email)
    ]
    for person in people:
        person.fold()
    User.objects.bulk_create(people, batch_size=BATCH)
    EmailAddress.objects.bulk_create(
        [EmailAddress(user=person, email=person.email, primary=True, verified=True) for person in people], batch_size=BATCH
    )
    audit.record_many(
        audit.Event(
            actor=held.applied_by,
            action="accounts.create_person",
            target=person,
            subject=person,
            details={"import": str(held.pk)},
        )
        for person in people
    )


def _change(held: PeopleImport, lines: Sequence[Line], reader: Reader) -> None:
    people, events, fields = [], [], {"search_text"}
    codes = {name: {entry.pk: entry.code for entry in reader.known.entries[column].values()} for column, name in PLACES.items()}
    for line in lines:
        assert line.person is not None
        places = {
            name: [codes[name].get(getattr(line.person, f"{name}_id"), ""), line.values[name].code]
            for name in line.changed
            if name not in NAMES
        }
        for name in line.changed:
            setattr(line.person, name, line.values[name])
        line.person.fold()
        people.append(line.person)
        fields.update(line.changed)
        details = {"fields": sorted(line.changed), "import": str(held.pk)} | ({"changes": places} if places else {})
        events.append(
            audit.Event(
                actor=held.applied_by,
                action="accounts.update_person",
                target=line.person,
                subject=line.person,
                details=details,
            )
        )
    User.objects.bulk_update(people, sorted(fields), batch_size=BATCH)
    audit.record_many(events)


def _close(claimed: PeopleImport, seal: Seal, named: set[str], lines: int, deadline: float) -> None:
    """Close the accounts that the check showed as absent, if they still are: open, without a role, on no line of the file."""
    absent = ImportFile.objects.only("absent").get(pk=claimed.pk).read_absent(seal)
    for batch in _batches(absent[claimed.position - lines :], CLOSE_BATCH):
        with _hold(claimed) as held:
            assert held.applied_by is not None
            but = [held.created_by_id, held.applied_by_id]
            people = people_who_may_be_closed().filter(pk__in=batch).exclude(pk__in=but).order_by("pk")
            for person in people:
                if person.email not in named:
                    reason = _("Not in the file of people “%(name)s”") % {"name": held.file_name}
                    deactivate_person(user=person, actor=held.applied_by, reason=reason)
                    held.applied["closed"] += 1
            held.position += len(batch)
        if time.monotonic() > deadline:
            raise _SliceOver
