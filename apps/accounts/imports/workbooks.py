"""Reading the first sheet of a workbook (XLSX) as it is unpacked, within limits that hold whatever the file claims.

A workbook of a few hundred kilobytes can unpack to gigabytes, and libraries build its strings and its rows in memory before
they can be asked how many there are. Here every part is fed to the parser piece by piece: what is fed is counted, a row is
passed on as soon as it is closed, and no string is kept longer than any cell may be.
"""

from __future__ import annotations

import io
import lzma
import posixpath
import re
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import date, datetime
from typing import Any
from xml.parsers import expat

from openpyxl.styles.numbers import BUILTIN_FORMATS, is_date_format
from openpyxl.utils.datetime import MAC_EPOCH, WINDOWS_EPOCH, from_excel

PIECE = 1 << 16
MAX_UNPACKED = 200_000_000  # bytes of the parts that are read, once they are unpacked
MAX_ELEMENTS = 6_000_000
MAX_CELLS = 20_000  # in one row: no spreadsheet has more
MAX_PIECE = 1_000_000  # bytes of one name, attribute or comment: a parser starts over with each piece that does not end it
MAX_STRINGS = 2_000_000
MAX_PARTS = 10_000
MAX_NUMBER = 100_000_000  # of a row: no spreadsheet has as many, and a database column has a limit
LONGEST_CELL = 1000  # longer texts are cut: no column takes that many characters
_COLUMN = re.compile("[A-Z]{1,3}")
_ESCAPED = re.compile("_x([0-9A-Fa-f]{4})_")

# All the ways in which a file can fail to be one: not an archive, a part missing, damaged or encrypted, not XML, not a number,
# an unknown encoding.
NO_WORKBOOK = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, expat.ExpatError, LookupError, ValueError, EOFError, OSError),
    *(RuntimeError, NotImplementedError),
)


class TooLarge(Exception):
    """The workbook unpacks to more than may be read."""


class Unreadable(Exception):
    """This is not a workbook."""


class _Budget:
    """What is left of the limits, for all parts together."""

    def __init__(self) -> None:
        self.bytes = MAX_UNPACKED
        self.elements = MAX_ELEMENTS

    def take(self, size: int) -> None:
        self.bytes -= size
        if self.bytes < 0:
            raise TooLarge

    def element(self) -> None:
        self.elements -= 1
        if self.elements < 0:
            raise TooLarge


def _pieces(packed: zipfile.ZipFile, name: str, budget: _Budget) -> Iterator[bytes]:
    with packed.open(name) as part:
        while piece := part.read(PIECE):
            budget.take(len(piece))
            yield piece


def _parse(packed: zipfile.ZipFile, name: str, budget: _Budget, parser: expat.XMLParserType) -> Iterator[None]:
    """Feed a part to `parser`; pause after each piece, to use what was parsed so far."""
    fed = 0
    for piece in _pieces(packed, name, budget):
        parser.Parse(piece)
        fed += len(piece)
        if fed - parser.CurrentByteIndex > MAX_PIECE:
            raise TooLarge
        yield
    parser.Parse(b"", True)
    yield


def _refuse(*_ignored: object) -> None:
    raise Unreadable("A document type: entities could grow without end.")


def _parser(
    budget: _Budget, start: Callable[[str, dict[str, str]], None], end: Callable[[str], None], text: Callable[[str], None]
) -> expat.XMLParserType:
    """Return a parser that identifies elements by their name without its prefix."""

    def on_start(name: str, attributes: dict[str, str]) -> None:
        budget.element()
        start(name.rpartition(":")[2], attributes)

    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartElementHandler = on_start
    parser.EndElementHandler = lambda name: end(name.rpartition(":")[2])
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = _refuse
    return parser


def _nothing(_what: str) -> None:
    return None


def _elements(packed: zipfile.ZipFile, name: str, budget: _Budget) -> list[tuple[str, dict[str, str]]]:
    """Return the elements of a small part, with their attributes."""
    found: list[tuple[str, dict[str, str]]] = []

    def start(tag: str, attributes: dict[str, str]) -> None:
        if len(found) > 100_000:
            raise TooLarge
        found.append((tag, {key.rpartition(":")[2]: value for key, value in attributes.items()}))

    for _piece in _parse(packed, name, budget, _parser(budget, start, _nothing, _nothing)):
        pass
    return found


def _relations(packed: zipfile.ZipFile, of: str, budget: _Budget) -> dict[str, tuple[str, str]]:
    """Return the parts that the part `of` refers to: kind and part, by id."""
    folder, name = posixpath.split(of)
    found = {}
    for tag, said in _elements(packed, posixpath.join(folder, "_rels", f"{name}.rels"), budget):
        if tag == "Relationship" and said.get("TargetMode") != "External":
            target = said.get("Target", "")
            path = target.lstrip("/") if target.startswith("/") else posixpath.normpath(posixpath.join(folder, target))
            found[said.get("Id", "")] = (said.get("Type", "").rpartition("/")[2], path)
    return found


def _strings(packed: zipfile.ZipFile, name: str, budget: _Budget) -> list[str]:
    """Return the texts that cells refer to by number. Their phonetic readings (`rPh`) are left out."""
    strings: list[str] = []
    parts: list[str] = []
    inside = {"t": 0, "rPh": 0}

    def start(tag: str, _attributes: dict[str, str]) -> None:
        if tag in inside:
            inside[tag] += 1
        elif tag == "si":
            parts.clear()

    def end(tag: str) -> None:
        if tag in inside:
            inside[tag] -= 1
        elif tag == "si":
            if len(strings) >= MAX_STRINGS:
                raise TooLarge
            strings.append("".join(parts)[:LONGEST_CELL])

    def text(letters: str) -> None:
        if inside["t"] and not inside["rPh"] and len(parts) < LONGEST_CELL:
            parts.append(letters[:LONGEST_CELL])

    for _piece in _parse(packed, name, budget, _parser(budget, start, end, text)):
        pass
    return strings


def _day_styles(packed: zipfile.ZipFile, name: str, budget: _Budget) -> frozenset[str]:
    """Return the numbers of the styles that show a day."""
    formats = {str(code): form for code, form in BUILTIN_FORMATS.items()}
    styles: list[str] = []
    found = _elements(packed, name, budget)
    for tag, said in found:
        if tag == "numFmt":
            formats[said.get("numFmtId", "")] = said.get("formatCode", "")
    # `xf` occurs in two lists: the one that cells refer to begins at `cellXfs`.
    names = [tag for tag, _said in found]
    if "cellXfs" in names:
        for tag, said in found[names.index("cellXfs") + 1 :]:
            if tag == "xf":
                styles.append(said.get("numFmtId", "0"))
            elif tag not in {"alignment", "protection", "extLst", "ext"}:
                break
    return frozenset(str(number) for number, form in enumerate(styles) if formats.get(form) and is_date_format(formats[form]))


class _Sheet:
    """Parses a sheet, and keeps the rows that are closed until they are taken."""

    def __init__(self, strings: list[str], days: frozenset[str], epoch: datetime, columns: int) -> None:
        self.rows: list[tuple[int, list[str]]] = []
        self._strings, self._days, self._epoch, self._columns = strings, days, epoch, columns
        self._number = 0
        self._cells: list[str] = []
        self._column = self._count = 0
        self._kind = self._style = ""
        self._parts: list[str] = []
        self._hears = self._aside = 0

    def start(self, tag: str, said: dict[str, str]) -> None:
        if tag == "c":
            found = _COLUMN.match(said.get("r", ""))
            self._column = _index(found[0]) if found else self._column + 1
            self._count += 1
            if self._count > MAX_CELLS:
                raise TooLarge
            self._kind, self._style = said.get("t", "n"), said.get("s", "")
            self._parts.clear()
        elif tag in {"v", "t"}:
            self._hears += 1
        elif tag == "rPh":
            self._aside += 1
        elif tag == "row":
            said_number = said.get("r", "")
            self._number = int(said_number) if said_number.isdecimal() else self._number + 1
            if self._number > MAX_NUMBER:
                raise Unreadable("No sheet has such a row.")
            self._cells, self._column, self._count = [], 0, 0

    def text(self, letters: str) -> None:
        if self._hears and not self._aside and len(self._parts) < LONGEST_CELL:
            self._parts.append(letters[:LONGEST_CELL])

    def end(self, tag: str) -> None:
        if tag in {"v", "t"}:
            self._hears -= 1
        elif tag == "rPh":
            self._aside -= 1
        elif tag == "c" and self._parts:
            # Everything further to the right goes into the one column too many: it is reported as surplus.
            place = min(self._column, self._columns + 1)
            self._cells += [""] * (place - len(self._cells))
            self._cells[place - 1] = self._value("".join(self._parts)[:LONGEST_CELL])
        elif tag == "row":
            self.rows.append((self._number, self._cells))

    def _value(self, text: str) -> str:
        """Return the value of a cell as a person reads it: 7 and not 7.0, a day and not its number."""
        if self._kind == "s":
            number = int(text)
            return _unescaped(self._strings[number]) if 0 <= number < len(self._strings) else ""
        if self._kind == "b":
            return "TRUE" if text.strip() == "1" else "FALSE"
        if self._kind != "n":
            return _unescaped(text)
        with suppress(ValueError, OverflowError):
            number_read = float(text)
            if self._style in self._days:
                return _day(from_excel(number_read, self._epoch))
            return str(int(number_read)) if number_read.is_integer() else str(number_read)
        return text


def _day(value: Any) -> str:
    if isinstance(value, datetime):
        return value.date().isoformat()
    return value.isoformat() if isinstance(value, date) else str(value)


def _index(letters: str) -> int:
    """Return the number of a column: 1 for A, 27 for AA."""
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    return number


def _unescaped(text: str) -> str:
    return _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text) if "_x" in text else text


def rows_of_workbook(raw: bytes, *, columns: int) -> Iterator[tuple[int, list[str]]]:
    """Yield the lines of the first sheet that is not hidden, each with its number. Raises TooLarge, Unreadable.

    Everything further right than `columns` goes into one more column.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(raw)) as packed:
            if len(packed.infolist()) > MAX_PARTS:
                raise TooLarge
            yield from _rows(packed, columns)
    except (TooLarge, Unreadable):
        raise
    except NO_WORKBOOK as error:
        raise Unreadable(str(error)) from error


def _rows(packed: zipfile.ZipFile, columns: int) -> Iterator[tuple[int, list[str]]]:
    budget = _Budget()
    book = next((path for kind, path in _relations(packed, "", budget).values() if kind == "officeDocument"), "xl/workbook.xml")
    said = _elements(packed, book, budget)
    sheets = [about for tag, about in said if tag == "sheet"]
    shown = next((about for about in sheets if about.get("state", "visible") == "visible"), None)
    if shown is None:
        return
    parts = _relations(packed, book, budget)
    by_kind = dict(parts.values())
    strings = _strings(packed, by_kind["sharedStrings"], budget) if "sharedStrings" in by_kind else []
    days = _day_styles(packed, by_kind["styles"], budget) if "styles" in by_kind else frozenset()
    since_1904 = any(tag == "workbookPr" and about.get("date1904") in {"1", "true"} for tag, about in said)
    sheet = _Sheet(strings, days, MAC_EPOCH if since_1904 else WINDOWS_EPOCH, columns)
    parser = _parser(budget, sheet.start, sheet.end, sheet.text)
    for _piece in _parse(packed, parts[shown["id"]][1], budget, parser):
        yield from sheet.rows
        sheet.rows.clear()
