"""Imports of people as tests upload them."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any

from openpyxl import Workbook

from apps.accounts.enums import ImportState, Outcome
from apps.accounts.imports.columns import guess
from apps.accounts.imports.lines import Line, Reader, compare
from apps.accounts.imports.reading import rows_of
from apps.accounts.models import PeopleImport, User
from apps.accounts.queries import ImportedLine, directory, first_lines
from apps.accounts.services import apply_import, choose_columns, go_on_with_import, upload_people

HEAD = "email;first_name;last_name;entity;department;site;job\n"


def read(file: str | bytes) -> list[Line]:
    """Return the lines of a file whose columns are named like fields, checked against the existing people."""
    rows = rows_of(file.encode() if isinstance(file, str) else file)
    _number, header = next(rows)
    lines = list(Reader(guess(header), directory()).lines(rows))
    compare(lines)
    return lines


def workbook(rows: Iterable[Sequence[Any]]) -> bytes:
    book = Workbook(write_only=True)
    sheet = book.create_sheet("People")
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def uploaded(file: str | bytes, *, actor: User, name: str = "people.csv") -> PeopleImport:
    return upload_people(name=name, raw=file.encode() if isinstance(file, str) else file, actor=actor)


def checked(file: str | bytes, *, actor: User, **options: bool) -> PeopleImport:
    """Return an import of a file whose columns are named like fields, checked. `good`: the good lines now."""
    found = uploaded(file, actor=actor)
    headers, _samples = found.read_head(found.seal())
    choose_columns(
        import_id=found.pk,
        mapping=guess(headers),
        all_or_nothing=not options.get("good", False),
        close_absent=options.get("close", False),
        actor=actor,
    )
    return gone_on(found)


def gone_on(found: PeopleImport) -> PeopleImport:
    """Let a worker continue with it; return it as it is then."""
    go_on_with_import(import_id=str(found.pk))
    found.refresh_from_db()
    return found


def applied(found: PeopleImport, *, actor: User, typed: int | None = None) -> PeopleImport:
    """Apply what was checked; return it as it is then."""
    apply_import(import_id=found.pk, seen_round=found.round, typed=typed, actor=actor)
    return gone_on(found)


def imported(file: str | bytes, *, actor: User, **options: bool) -> PeopleImport:
    """Check a file and apply it; return the import, which is done."""
    found = applied(checked(file, actor=actor, **options), actor=actor)
    assert found.state == ImportState.DONE
    return found


def told(found: PeopleImport, outcome: Outcome) -> list[ImportedLine]:
    return first_lines(found, found.seal(), count=200)[outcome]


def people(count: int, name: str = "P") -> str:
    """Return a file of so many people."""
    return HEAD + "".join(f"p{number}@alcyon.example;{name};Q;;;;\n" for number in range(count))
