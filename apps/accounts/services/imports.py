from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from pathlib import PurePath
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.accounts.enums import ImportState
from apps.accounts.errors import AccountError
from apps.accounts.imports.columns import LABELS, REQUIRED, digest_of
from apps.accounts.imports.model import KEEP_RESULTS, KEEP_WAITING, WAITING, WORKING
from apps.accounts.imports.reading import header_of
from apps.accounts.models import ImportFile, ImportLine, PeopleImport, User
from apps.core import audit, outbox
from apps.core.missing import get_or_not_there
from apps.core.text import visible

from .import_runs import go_on_with_import

LONGEST_SAMPLE = 60
LONGEST_NAME = 200


class ChangedSince(AccountError):
    """The import is no longer what the page showed."""

    def __init__(self) -> None:
        super().__init__(_("This import went on meanwhile, perhaps by a colleague. Look at it as it is now."))


def _locked_import(import_id: uuid.UUID, *states: ImportState) -> PeopleImport:
    """Return the import, locked until the transaction ends. Raises NotThere, and ChangedSince if it is in another state."""
    found = get_or_not_there(PeopleImport.objects.select_for_update(), pk=import_id)
    if found.state not in states:
        raise ChangedSince
    return found


def _told(people_import: PeopleImport, **counts: Any) -> dict[str, Any]:
    return {"digest": people_import.digest[:32], **counts}


@transaction.atomic
def upload_people(*, name: str, raw: bytes, actor: User) -> PeopleImport:
    """Store a file of people, encrypted, until its import has ended; return the import, which waits for its columns.

    Writes an audit entry with the file's digest. Raises AccountError for a file that is not a list.
    """
    headers, samples = header_of(raw)
    made = PeopleImport(
        created_by=actor,
        language=(get_language() or "fr")[:2],
        file_name=visible(PurePath(name).name)[-LONGEST_NAME:] or "—",
        size=len(raw),
        digest=hashlib.sha256(raw).hexdigest(),
        headers_digest=digest_of(headers),
    )
    seal = made.draw_key()
    shown = [[visible(cell)[:LONGEST_SAMPLE] for cell in cells[: len(headers)]] for cells in samples]
    PeopleImport.head.write(made, seal, json.dumps([headers, shown]))
    made.save(force_insert=True)
    file = ImportFile(of=made)
    file.write_content(seal, raw)
    file.save(force_insert=True)
    audit.record(actor=actor, action="accounts.upload_people", target=made, details=_told(made, bytes=len(raw)))
    return made


@transaction.atomic
def choose_columns(
    *, import_id: uuid.UUID, mapping: Sequence[str], all_or_nothing: bool, close_absent: bool, actor: User
) -> PeopleImport:
    """Set what the columns mean and what should be done; have the file checked in the background. Nothing changes for anybody.

    `mapping`: a field of `columns.LABELS` for each column, or "". Writes an audit entry and an outbox message. Raises NotThere,
    ChangedSince, and AccountError if a required column is missing or a field occurs twice.
    """
    found = _locked_import(import_id, *WAITING)
    named = [field for field in mapping if field]
    missing = [str(LABELS[field]) for field in REQUIRED if field not in named]
    if missing:
        raise AccountError(_("No column is said to hold: %(names)s.") % {"names": ", ".join(missing)})
    if len(set(named)) != len(named) or not set(named) <= set(LABELS):
        raise AccountError(_("Two columns are said to hold the same."))
    found.mapping, found.all_or_nothing, found.close_absent, found.creating = list(mapping), all_or_nothing, close_absent, {}
    _check_anew(found)
    audit.record(
        actor=actor,
        action="accounts.check_import",
        target=found,
        details=_told(found, columns=named, all_or_nothing=all_or_nothing, close_absent=close_absent),
    )
    return found


def _check_anew(found: PeopleImport) -> None:
    found.state, found.round = ImportState.CHECKING, found.round + 1
    found.became_wrong = False
    _hand_over(found)


def _hand_over(found: PeopleImport) -> None:
    """Have the worker continue with it, from the beginning."""
    found.position, found.stalls, found.runner, found.touched_at = 0, 0, "", timezone.now()
    found.save()
    outbox.enqueue(go_on_with_import, import_id=str(found.pk))


@transaction.atomic
def create_codes(*, import_id: uuid.UUID, seen_round: int, columns: Sequence[str], actor: User) -> PeopleImport:
    """Have the unknown codes of these columns created when the import is applied, and check the file again with them.

    Writes an audit entry and an outbox message. Raises NotThere, ChangedSince, and AccountError if no column is named.
    """
    found = _locked_import(import_id, ImportState.CHECKED)
    if found.round != seen_round:
        raise ChangedSince
    unknown = found.read_findings(found.seal()).get("unknown", {})
    creating = {column: [code for code, _lines in unknown[column]] for column in columns if column in unknown}
    if not creating:
        raise AccountError(_("Choose what is to be made."))
    found.creating = {**found.creating, **{name: [*found.creating.get(name, []), *codes] for name, codes in creating.items()}}
    _check_anew(found)
    counts = {column: len(codes) for column, codes in creating.items()}
    audit.record(actor=actor, action="accounts.check_import", target=found, details=_told(found, creating=counts))
    return found


@transaction.atomic
def apply_import(*, import_id: uuid.UUID, seen_round: int, typed: int | None, actor: User) -> PeopleImport:
    """Do, in the background, what the check showed. Writes an audit entry and an outbox message.

    `seen_round`: the check that was looked at. `typed`: how many accounts close, if that must be confirmed. Raises NotThere,
    ChangedSince, and AccountError while a line is wrong (all or nothing), if nothing would happen, if nobody can tell who
    is absent, and if the number is not how many would close.
    """
    found = _locked_import(import_id, ImportState.CHECKED)
    if found.round != seen_round:
        raise ChangedSince
    if why := why_not_apply(found):
        raise AccountError(why)
    if found.closes_many and typed != found.checked["absent"]:
        raise AccountError(
            _("That is not how many accounts would be closed. Type %(count)s.") % {"count": found.checked["absent"]},
            field="typed",
        )
    found.state, found.applied_by, found.applied = ImportState.APPLYING, actor, {}
    _hand_over(found)
    told = {name: found.checked.get(name, 0) for name in ("lines", "new", "changed", "wrong", "absent")}
    audit.record(actor=actor, action="accounts.apply_import", target=found, details=_told(found, **told))
    return found


def why_not_apply(found: PeopleImport) -> str:
    """Return why a checked import cannot be applied as it is; "" if it can."""
    counts: Mapping[str, int] = found.checked
    if found.all_or_nothing and counts["wrong"]:
        return _("Some lines cannot be taken, and it is all or nothing: correct the file, or take the good lines now.")
    if found.close_absent and counts["nameless"]:
        return _("Some lines have no address that can be read: nobody can tell who is absent. Correct them first.")
    if not (counts["new"] or counts["changed"] or (found.close_absent and counts["absent"])):
        return _("There is nothing to do: nobody is new, nobody changes.")
    return ""


@transaction.atomic
def cancel_import(*, import_id: uuid.UUID, actor: User) -> PeopleImport:
    """End an import where it is: what was written stays, and the page says so. Deletes the file. Writes an audit entry.

    Raises NotThere, ChangedSince.
    """
    found = _locked_import(import_id, *WAITING, *WORKING)
    found.end(ImportState.CANCELLED)
    audit.record(
        actor=actor, action="accounts.cancel_import", target=found, details=_told(found, done=found.position, **found.applied)
    )
    return found


@transaction.atomic
def record_absent_export(*, people_import: PeopleImport, actor: User) -> None:
    """Write into the audit trail that `actor` took the list of whose accounts would be closed out of the portal."""
    count = people_import.checked.get("absent", 0)
    audit.record(actor=actor, action="accounts.export_absent", target=people_import, details=_told(people_import, absent=count))


def forget_imports() -> None:
    """Delete the files of imports that nobody went on with and, in time, the lines that were given back. Run by a job.

    Writes an audit entry for each import that expires.
    """
    now = timezone.now()
    for pk in PeopleImport.objects.filter(state__in=WAITING, touched_at__lt=now - KEEP_WAITING).values_list("pk", flat=True):
        with transaction.atomic():
            found = PeopleImport.objects.select_for_update().get(pk=pk)
            if found.state in WAITING:
                found.end(ImportState.EXPIRED)
                audit.record(actor=None, action="accounts.expire_import", target=found, details=_told(found))
    old = PeopleImport.objects.filter(ended_at__lt=now - KEEP_RESULTS)
    ImportLine.objects.filter(of__in=old.filter(has_lines=True)).delete()
    old.filter(has_lines=True).update(has_lines=False, head=b"", findings=b"")
