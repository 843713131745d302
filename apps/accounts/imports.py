"""Reading a CSV file of people: every line is checked before anything is written."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_email
from django.utils.translation import gettext as _

from .errors import AccountError
from .models import User
from .queries import Directory, directory, people_with_emails

MAX_ROWS = 2000
MAX_BYTES = 1_000_000
COLUMNS = ("email", "first_name", "last_name", "entity", "department", "site", "job")
REQUIRED = ("email", "first_name", "last_name")
LONGEST = {"email": 254, "first_name": 80, "last_name": 80}
# What a spreadsheet would run as a formula when somebody opens an export of what was imported.
FORMULA = ("=", "+", "-", "@", "\t", "\r")


@dataclass(slots=True)
class Line:
    """One line of the file. `error`: why it cannot be taken. `person`: whom it changes; None where it enters somebody."""

    number: int
    email: str
    values: dict[str, Any]
    error: str = ""
    person: User | None = None
    changed: list[str] = field(default_factory=list)

    @property
    def name(self) -> str:
        return f"{self.values.get('first_name', '')} {self.values.get('last_name', '')}".strip()


@dataclass(frozen=True, slots=True)
class Preview:
    """What importing a file would do."""

    lines: list[Line]

    @property
    def errors(self) -> list[Line]:
        return [line for line in self.lines if line.error]

    @property
    def new(self) -> list[Line]:
        return [line for line in self.lines if not line.error and line.person is None]

    @property
    def changed(self) -> list[Line]:
        return [line for line in self.lines if not line.error and line.person is not None and line.changed]

    @property
    def unchanged(self) -> int:
        return len(self.lines) - len(self.errors) - len(self.new) - len(self.changed)

    @property
    def may_apply(self) -> bool:
        return not self.errors and bool(self.new or self.changed)


def decode(raw: bytes) -> str:
    """Return the text of an uploaded file: UTF-8, or what Excel writes in France. Raises AccountError when it is too large."""
    if len(raw) > MAX_BYTES:
        raise AccountError(_("This file is larger than 1 MB. Split it."))
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        return raw.decode("cp1252", errors="replace")


def read(text: str) -> Preview:
    """Check a file against the people and the directory there are, in five queries.

    Raises AccountError for a file that is no such list; what is wrong with one line stands in that line.
    """
    rows = _rows(text)
    known = directory()
    lines = [_line(number, row, known) for number, row in rows]
    present = people_with_emails({line.email for line in lines})
    seen: dict[str, int] = {}
    for line in lines:
        if line.error:
            continue
        if line.email in seen:
            line.error = _("The same address stands on line %(line)s.") % {"line": seen[line.email]}
            continue
        seen[line.email] = line.number
        line.person = present.get(line.email)
        if line.person is not None:
            line.changed = [name for name, value in line.values.items() if _present(line.person, name) != _key(value)]
            if not line.person.is_active and {"first_name", "last_name"} & set(line.changed):
                # Somebody else may have this address by now: under their name the closed account would pass for theirs.
                line.error = _("The closed account of %(name)s has this address. Open it or change its address first.") % {
                    "name": line.person
                }
    return Preview(lines)


def _present(person: User, name: str) -> Any:
    return getattr(person, f"{name}_id" if name not in ("first_name", "last_name") else name)


def _key(value: Any) -> Any:
    return value if isinstance(value, str) else value.pk


def _rows(text: str) -> list[tuple[int, dict[str, str]]]:
    first = text.split("\n", 1)[0]
    separator = ";" if first.count(";") >= first.count(",") else ","
    try:
        reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
        header = [name.strip().lower() for name in next(reader, [])]
        _check_header(header)
        rows: list[tuple[int, dict[str, str]]] = []
        for cells in reader:
            if not any(cell.strip() for cell in cells):
                continue
            if len(rows) == MAX_ROWS:
                raise AccountError(
                    _("This file holds more than %(count)s people. Split it into several files.") % {"count": MAX_ROWS}
                )
            cells = [cell.strip() for cell in cells]
            rows.append(
                (reader.line_num, dict(zip(header, cells, strict=False)) | {"": "" if len(cells) <= len(header) else "x"})
            )
    except csv.Error as error:
        raise AccountError(_("This file cannot be read as CSV: %(error)s.") % {"error": error}) from error
    if not rows:
        raise AccountError(_("This file holds no people: there is nothing below its first line."))
    return rows


def _check_header(header: list[str]) -> None:
    missing = [name for name in REQUIRED if name not in header]
    if missing:
        raise AccountError(_("The first line must name the columns. Missing: %(names)s.") % {"names": ", ".join(missing)})
    unknown = [name or "?" for name in header if name not in COLUMNS]
    if unknown:
        raise AccountError(_("These columns are not known: %(names)s.") % {"names": ", ".join(unknown)})
    if len(set(header)) != len(header):
        raise AccountError(_("A column stands twice in the first line."))


def _line(number: int, row: dict[str, str], known: Directory) -> Line:
    email = row.get("email", "").lower()
    values: dict[str, Any] = {"first_name": row.get("first_name", ""), "last_name": row.get("last_name", "")}
    return Line(number, email, values, error=_error(row, email, values, known))


def _error(row: dict[str, str], email: str, values: dict[str, Any], known: Directory) -> str:
    if row[""]:
        return _("There are more cells than columns.")
    for name, longest in LONGEST.items():
        if not row.get(name):
            return _("The cell “%(column)s” is empty.") % {"column": name}
        if len(row[name]) > longest:
            return _("The cell “%(column)s” is too long.") % {"column": name}
        if row[name].startswith(FORMULA) or any(ord(letter) < 32 for letter in row[name]):
            return _("The cell “%(column)s” starts like a formula or holds control characters.") % {"column": name}
    try:
        validate_email(email)
    except ValidationError:
        return _("“%(email)s” is not an e-mail address.") % {"email": email}
    parts: list[tuple[str, str, dict[str, Any]]] = [
        ("entity", "entity", known.entities),
        ("department", "department", known.departments),
        ("site", "site", known.sites),
        ("job", "job_role", known.jobs),
    ]
    for column, name, entries in parts:
        code = row.get(column, "")
        if not code:
            continue  # an empty cell leaves what is known
        if code not in entries:
            return _("There is no %(column)s “%(code)s”.") % {"column": column, "code": code[:60]}
        values[name] = entries[code]
    return ""
