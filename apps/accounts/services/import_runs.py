"""What a worker does with an import: checks it, or applies it, batch by batch. How it keeps one: `imports.work`."""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, OperationalError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.accounts.directory.kinds import BY_COLUMN
from apps.accounts.enums import ImportState, Outcome
from apps.accounts.errors import AccountError
from apps.accounts.imports.checking import absent_of, look_at_lines, responsible_for, stand_checked
from apps.accounts.imports.columns import PLACES
from apps.accounts.imports.lines import Line, Reader, compare
from apps.accounts.imports.model import WORKING
from apps.accounts.imports.work import DEAD_AFTER, NotOurs, SliceOver, batches, claim, hold, keep, let_go, outcome_of, rows_below
from apps.accounts.models import ImportFile, ImportLine, PeopleImport, User
from apps.accounts.queries import directory, people_who_may_be_closed
from apps.core import audit, outbox
from apps.core.crypto import Seal

from .directory import create_entry
from .people import deactivate_person

BATCH = 500  # lines that are applied in one transaction
CLOSE_BATCH = 50
SLICE_SECONDS = 120.0  # then others have their turn
TRIES = 5  # attempts for a batch that collides with another writer; for an import that keeps being interrupted
NAMES = ("first_name", "last_name")


@outbox.task
def go_on_with_import(*, import_id: str) -> None:
    """Check or apply an import from its current position; after `SLICE_SECONDS` the rest is handed to a new task.

    What it writes: lines of the import and, when it is applied, people, entries of the directory and closed accounts, each with
    an audit entry, and one for the import when it is done. A file that cannot be read to its end ends the import.
    """
    claimed = claim(uuid.UUID(import_id))
    if claimed is None:
        return
    try:
        with translation.override(claimed.language):
            if claimed.state == ImportState.CHECKING:
                _check_lines(claimed)
            else:
                _apply(claimed)
    except NotOurs:
        return
    except SliceOver:
        with suppress(NotOurs), hold(claimed) as held:
            held.runner = ""
            outbox.enqueue(go_on_with_import, import_id=import_id)
    except AccountError as refusal:
        with suppress(NotOurs), hold(claimed) as held:
            _fail(held, str(refusal))
    except BaseException:
        let_go(claimed)  # the next attempt need not wait until this one counts as dead
        raise


def resume_imports() -> None:
    """Hand over again what a worker left behind. An import that is interrupted again and again is given up.

    Writes an outbox message for each, and an audit entry for one that is given up.
    """
    silent = PeopleImport.objects.filter(state__in=WORKING, touched_at__lt=timezone.now() - DEAD_AFTER)
    for pk in silent.values_list("pk", flat=True):
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


def _fail(held: PeopleImport, why: str) -> None:
    held.end(ImportState.FAILED, why)
    audit.record(actor=None, action="accounts.fail_import", target=held, details={"digest": held.digest[:32], **held.applied})


def _check_lines(claimed: PeopleImport) -> None:
    seal = claimed.seal()
    counts, named = look_at_lines(claimed, seal, directory())
    absent = absent_of(claimed, named, people_who_may_be_closed()) if claimed.close_absent else []
    with hold(claimed) as held:
        stand_checked(held, seal, counts, absent)


# Applying ------------------------------------------------------------------------------------------------------------
def _apply(claimed: PeopleImport) -> None:
    """Do what the check showed, from the current position. With all or nothing every line is checked once more before the first
    is written: if one has become wrong, the import goes back to checked, and nothing is written."""
    seal = claimed.seal()
    deadline = time.monotonic() + SLICE_SECONDS
    if not claimed.applied:
        if claimed.all_or_nothing:
            counts, _named = look_at_lines(claimed, seal, directory())
            if counts["wrong"]:
                _stand_back(claimed, counts)
                return
        with hold(claimed) as held:
            _begin(held)
    reader = Reader(claimed.mapping, directory())
    done = claimed.position
    lines_before = 0
    for batch in batches(rows_below(claimed, seal), BATCH):
        if lines_before + len(batch) <= done:
            for number, cells in batch:
                reader.line(number, cells)  # the addresses in those lines matter for what follows
        else:
            skipped = max(0, done - lines_before)
            for number, cells in batch[:skipped]:
                reader.line(number, cells)
            _meet_others(lambda rest=batch[skipped:]: _apply_batch(claimed, seal, reader, rest))  # type: ignore[misc]
            if time.monotonic() > deadline:
                raise SliceOver
        lines_before += len(batch)
    if claimed.close_absent:
        _close(claimed, seal, reader.named, lines_before, deadline)
    with hold(claimed) as held:
        held.end(ImportState.DONE)
        audit.record(
            actor=held.applied_by,
            action="accounts.import_people",
            target=held,
            details={"digest": held.digest[:32], **{name: count for name, count in held.applied.items() if count}},
        )


def _stand_back(claimed: PeopleImport, counts: dict[str, int]) -> None:
    """Leave the import checked: some lines became wrong, and it is all or nothing. Absent people were not looked up again.

    Writes an audit entry, because the trail already says that applying began.
    """
    with hold(claimed) as held:
        details = {"digest": held.digest[:32], "wrong": counts["wrong"]}
        audit.record(actor=held.applied_by, action="accounts.hold_back_import", target=held, details=details)
        held.checked, held.round, held.became_wrong = {**held.checked, **counts}, held.round + 1, True
        held.state, held.runner, held.position, held.applied_by = ImportState.CHECKED, "", 0, None


def _begin(held: PeopleImport) -> None:
    """Create the entries of the directory that were asked for, and delete what the check stored of the lines."""
    assert held.applied_by is not None
    known = directory()
    made = 0
    for column, codes in held.creating.items():
        kind = BY_COLUMN[column]
        for code in codes:
            if known.find(column, code) is None and not known.is_closed(column, code):
                with suppress(AccountError):  # somebody created it this very moment
                    values = {"code": code, **dict.fromkeys(kind.model.NAMES, code)}
                    create_entry(kind=kind, values=values, actor=held.applied_by)
                    made += 1
    ImportLine.objects.filter(of=held).delete()
    held.position = held.stalls = 0
    held.applied = {**{outcome.value: 0 for outcome in Outcome}, "closed": 0, "created": made}


def _meet_others(work: Callable[[], object]) -> None:
    """Do `work`, again if somebody else wrote the same at that moment: it then finds what they wrote."""
    for turn in range(1, TRIES + 1):
        try:
            work()
            return
        except (IntegrityError, OperationalError):
            if turn == TRIES:
                raise
            time.sleep(0.05 * turn)


def _apply_batch(claimed: PeopleImport, seal: Seal, reader: Reader, rows: Sequence[tuple[int, Sequence[str]]]) -> None:
    """Check these lines again and write the right ones: one transaction, and the same number of queries whatever the lines."""
    with hold(claimed) as held:
        reader.known = directory(hold=True)
        lines = [reader.line(number, cells) for number, cells in rows]
        compare(lines, hold=True)
        told = [(outcome_of(line), line) for line in lines]
        counts = Counter(outcome.value for outcome, _line in told)
        _enter_people(held, [line for outcome, line in told if outcome is Outcome.NEW])
        _change_people(held, [line for outcome, line in told if outcome is Outcome.CHANGED], reader)
        shown = Counter({Outcome(name): count for name, count in held.applied.items() if name in Outcome.values})
        keep(held, seal, told, shown)
        for name, count in counts.items():
            held.applied[name] += count
        held.position += len(rows)
        held.stalls = 0


def _enter_people(held: PeopleImport, lines: Sequence[Line]) -> None:
    # In the order of their addresses: two imports of the same people then wait for each other without a deadlock.
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


def _change_people(held: PeopleImport, lines: Sequence[Line], reader: Reader) -> None:
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
    for batch in batches(absent[claimed.position - lines :], CLOSE_BATCH):
        with hold(claimed) as held:
            assert held.applied_by is not None
            people = people_who_may_be_closed().filter(pk__in=batch).exclude(pk__in=responsible_for(held)).order_by("pk")
            for person in people:
                if person.email not in named:
                    reason = _("Not in the file of people “%(name)s”") % {"name": held.file_name}
                    deactivate_person(user=person, actor=held.applied_by, reason=reason)
                    held.applied["closed"] += 1
            held.position += len(batch)
            held.stalls = 0
        if time.monotonic() > deadline:
            raise SliceOver
