from __future__ import annotations

import json
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import QuerySet

from apps.accounts.enums import Outcome
from apps.accounts.imports.columns import LABELS, PLACES, guess
from apps.accounts.imports.lines import Reason
from apps.accounts.models import ImportFile, ImportLine, PeopleImport, User
from apps.core.crypto import Seal
from apps.core.missing import get_or_not_there

PER_PAGE = 25


def page_of_imports(number: Any) -> Page[PeopleImport]:
    """Return one page of all imports, the latest first. Two queries."""
    found = PeopleImport.objects.select_related("created_by").defer("head", "findings")
    page: Page[PeopleImport] = Paginator(found, PER_PAGE).get_page(number)
    return page


def get_import(import_id: uuid.UUID) -> PeopleImport:
    """Return an import with who sent and who applied it, for staff. Raises NotThere."""
    return get_or_not_there(PeopleImport.objects.select_related("created_by", "applied_by"), pk=import_id)


def imports_of_same_file(people_import: PeopleImport) -> QuerySet[PeopleImport]:
    """Return the other imports of the very same file, the latest first."""
    return PeopleImport.objects.filter(digest=people_import.digest).exclude(pk=people_import.pk).select_related("created_by")


def suggested_columns(people_import: PeopleImport, headers: Sequence[str]) -> list[str]:
    """Return what the columns probably mean: as they were used last time, else by their names. One query."""
    if people_import.mapping:
        return list(people_import.mapping)
    before = PeopleImport.objects.filter(headers_digest=people_import.headers_digest).exclude(mapping=[])
    last = before.values_list("mapping", flat=True).first()
    return list(last) if last is not None and len(last) == len(headers) else guess(headers)


@dataclass(frozen=True, slots=True)
class ImportedLine:
    """A line as it is shown. `reason`: why it cannot be taken, worded when it is read. `cells`: as they were in the file."""

    number: int
    outcome: Outcome
    email: str
    name: str
    fields: Sequence[str] = ()
    reason: Reason | None = None
    cells: Sequence[str] = ()

    @property
    def changes(self) -> str:
        """What changes, in words."""
        return ", ".join(str(_LABELS[name]) for name in self.fields)


_LABELS = {PLACES.get(name, name): label for name, label in LABELS.items()}


def first_lines(people_import: PeopleImport, seal: Seal, *, count: int) -> dict[Outcome, list[ImportedLine]]:
    """Return the first lines of each outcome. Four queries."""
    return {
        outcome: [_shown(line, seal) for line in ImportLine.objects.filter(of=people_import, outcome=outcome)[:count]]
        for outcome in Outcome
    }


def wrong_lines(people_import: PeopleImport, seal: Seal) -> Iterator[ImportedLine]:
    """Yield every line that cannot be taken. One query."""
    found = ImportLine.objects.filter(of=people_import, outcome=Outcome.WRONG)
    for line in found.iterator(chunk_size=1000):
        yield _shown(line, seal)


def _shown(line: ImportLine, seal: Seal) -> ImportedLine:
    said = json.loads(ImportLine.content.read(line, seal))
    return ImportedLine(
        line.number,
        Outcome(line.outcome),
        said["email"],
        said["name"],
        said["fields"],
        Reason(*said["reason"]) if "reason" in said else None,
        said.get("cells", ()),
    )


def absent_of(people_import: PeopleImport, seal: Seal) -> list[str]:
    """Return the ids of those whom the file does not name. One query."""
    file = ImportFile.objects.only("absent").filter(pk=people_import.pk).first()
    return file.read_absent(seal) if file is not None else []


def absent_people(ids: Sequence[str]) -> Iterator[User]:
    """Yield the people of these ids who are still open, with where they work. One query for each thousand."""
    for start in range(0, len(ids), 1000):
        people = User.objects.filter(pk__in=ids[start : start + 1000], is_active=True)
        yield from people.select_related("entity", "department").order_by("last_name", "first_name", "email")
