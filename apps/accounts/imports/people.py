"""Reading a CSV file of people: every line is checked before anything is written."""

from __future__ import annotations

import codecs
import csv
import io
import re
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.addresses import check_email, normal_email, normal_name
from apps.accounts.errors import AccountError
from apps.accounts.models import User
from apps.accounts.queries import Directory, directory, people_with_emails
from apps.core.text import folded, visible, well_formed

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


# What people send instead of a list: how the file begins, and what to say.
_WORKBOOK = gettext_lazy("This is a workbook, not a CSV file. In your spreadsheet, save it as “CSV UTF-8”, then send that.")
_OTHER_KINDS = {
    b"PK\x03\x04": _WORKBOOK,
    b"\xd0\xcf\x11\xe0": _WORKBOOK,
    b"%PDF": gettext_lazy("This is a PDF, not a CSV file."),
}
UNREADABLE = "\ufffd"
_LETTER_IN_UTF8 = re.compile(b"\xc3[\x80-\xbf]")  # À to ÿ


def decode(raw: bytes) -> str:
    """Return the text of an uploaded file: UTF-8, UTF-16 or what Excel writes in France, with plain line ends.

    A byte that cannot be read stands as `UNREADABLE`: the line it is on is refused, and no other. Raises AccountError for a file
    that is too large, or of another kind.
    """
    if len(raw) > MAX_BYTES:
        raise AccountError(_("This file is larger than 1 MB. Split it."))
    for beginning, sentence in _OTHER_KINDS.items():
        if raw.startswith(beginning):
            raise AccountError(str(sentence))
    return well_formed(_text_of(raw)).removeprefix("\ufeff")


def _text_of(raw: bytes) -> str:
    if raw.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return raw.decode("utf-16", errors="replace")
    for encoding, zeros in (("utf-16-le", raw[1::2]), ("utf-16-be", raw[::2])):
        if zeros and zeros.count(0) * 2 > len(zeros):  # every other byte of Latin text
            return raw.decode(encoding, errors="replace")
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        # A few wrong bytes in UTF-8 are wrong bytes: reading everything as cp1252 for them would make “Ã©” of every “é”. Where
        # even one letter is right, it is UTF-8: no name holds “Ã” and a sign.
        is_utf8 = raw.startswith(codecs.BOM_UTF8) or _LETTER_IN_UTF8.search(raw)
        return raw.decode("utf-8-sig" if is_utf8 else "cp1252", errors="replace")


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


# The columns as a French list names them.
_ALIASES = {
    **dict.fromkeys(("e-mail", "e mail", "mail", "courriel", "adresse", "e-mail address", "email address"), "email"),
    **dict.fromkeys(("adresse e-mail", "adresse email", "adresse mail", "adresse electronique", "adresse de courriel"), "email"),
    **dict.fromkeys(("prenom", "first name"), "first_name"),
    **dict.fromkeys(("nom", "nom de famille", "last name"), "last_name"),
    "entite": "entity",
    **dict.fromkeys(("direction", "departement"), "department"),
    **dict.fromkeys(("metier", "fonction"), "job"),
}
SEPARATORS = ";,\t|"
_SEPARATOR = re.compile(r'[\s"]*sep *= *([;,\t|])[;,\t|"\s]*$', re.IGNORECASE)  # as Excel tells it, and as it saves that again


def _rows(text: str) -> list[tuple[int, dict[str, str]]]:
    """Return the lines of people, each with its number in the file as a person counts, by column; `""` tells of surplus cells."""
    # What DOS and old programs write behind the last line is none.
    lines = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").rstrip("\x1a\0").split("\n")
    skipped, separator = 0, ""
    while len(lines) > 1:
        if not separator and (told := _SEPARATOR.match(lines[0])):
            separator = told[1]
        elif visible(lines[0]).strip(SEPARATORS + ' "'):
            break
        skipped += 1
        lines = lines[1:]
    separator = separator or max(SEPARATORS, key=lines[0].count)
    reader = csv.reader(io.StringIO("\n".join(lines), newline=""), delimiter=separator, strict=True)
    rows: list[tuple[int, dict[str, str]]] = []
    begins = 0  # where the record begins that is being read
    try:
        header = _header(next(reader, []))
        begins = reader.line_num
        for cells in reader:
            number, begins = skipped + begins + 1, reader.line_num
            cells = [cell.replace("\n", " ").strip() for cell in cells]
            if not any(visible(cell) for cell in cells):
                continue
            if len(rows) == MAX_ROWS:
                raise AccountError(
                    _("This file holds more than %(count)s people. Split it into several files.") % {"count": MAX_ROWS}
                )
            surplus = "x" if any(visible(cell) for cell in cells[len(header) :]) else ""
            rows.append((number, dict(zip(header, cells, strict=False)) | {"": surplus}))
    except csv.Error as error:
        raise AccountError(_unreadable(str(error), skipped + begins + 1)) from error
    if not rows:
        raise AccountError(_("This file holds no people: there is nothing below its first line."))
    return rows


def _unreadable(words: str, line: int) -> str:
    """Return what the csv module's `words` mean, in a sentence, for the record that begins on `line`."""
    if "unexpected end" in words:
        return _("A quotation mark on line %(line)s is never closed: what follows it cannot be told apart.") % {"line": line}
    if "expected after" in words:
        return _('On line %(line)s, something follows a closing quotation mark. Write a mark inside a cell twice: "".') % {
            "line": line
        }
    if "field larger" in words:
        return _("A cell on line %(line)s is far too long. Is a quotation mark missing?") % {"line": line}
    return _("Line %(line)s cannot be read as CSV.") % {"line": line}


def _header(cells: list[str]) -> list[str]:
    """Return the names of the columns; empty cells at the end, as spreadsheets leave them, are none. Raises AccountError."""
    names = [" ".join(folded(cell).split()) for cell in cells]
    while names and not names[-1]:
        names.pop()
    header = [_ALIASES.get(name, name) for name in names]
    _check_header(header)
    return header


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
    email = normal_email(row.get("email", ""))
    values: dict[str, Any] = {name: normal_name(row.get(name, "")) for name in ("first_name", "last_name")}
    return Line(number, email, values, error=_error(row, email, values, known))


def _error(row: dict[str, str], email: str, values: dict[str, Any], known: Directory) -> str:
    if row[""]:
        return _("There are more cells than columns.")
    if any(UNREADABLE in cell for cell in row.values()):
        return _("A letter on this line cannot be read. Save the file as “CSV UTF-8”, or type the letter again.")
    for name, longest in LONGEST.items():
        kept = email if name == "email" else values[name]
        if not kept:
            return _("The cell “%(column)s” is empty.") % {"column": name}
        if len(kept) > longest:
            return _("The cell “%(column)s” is too long.") % {"column": name}
        if kept.startswith(FORMULA) or row[name].startswith(FORMULA) or any(ord(letter) < 32 for letter in row[name]):
            return _("The cell “%(column)s” starts like a formula or holds control characters.") % {"column": name}
    try:
        check_email(email)
    except ValidationError:
        return _("“%(email)s” is not an e-mail address.") % {"email": email}
    for column, name in (("entity", "entity"), ("department", "department"), ("site", "site"), ("job", "job_role")):
        code = visible(row.get(column, ""))
        if not code:
            continue  # an empty cell leaves what is known
        if known.find(column, code) is None:
            return _("There is no %(column)s “%(code)s”.") % {"column": column, "code": code[:60]}
        values[name] = known.find(column, code)
    return ""
