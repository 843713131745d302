"""Reading a table that somebody uploaded: CSV or TSV in whatever encoding spreadsheets write, or a workbook (XLSX)."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterable, Iterator
from itertools import islice

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from apps.accounts.errors import AccountError
from apps.core.text import visible, well_formed

from .workbooks import TooLarge, Unreadable, rows_of_workbook

MAX_ROWS = 50_000
MAX_BYTES = 20_000_000
MAX_COLUMNS = 100
MAX_CELLS = 10_000  # in one line of text: cells beyond its columns are reported as surplus
UNREADABLE = "\ufffd"

Row = tuple[int, list[str]]  # the number of the line as a person counts, and its cells

_WORKBOOK = b"PK\x03\x04"
# What people upload instead of a list: how the file begins, and what to say.
_OTHER_KINDS = {
    b"\xd0\xcf\x11\xe0": gettext_lazy(
        "This is an old workbook (XLS). Save it as XLSX or CSV in your spreadsheet, then send that."
    ),
    b"%PDF": gettext_lazy("This is a PDF. Send the list as CSV, TSV or XLSX."),
}
_LETTER_IN_UTF8 = re.compile(b"\xc3[\x80-\xbf]")  # À to ÿ
SEPARATORS = ";,\t|"
_SEPARATOR = re.compile(r'[\s"]*sep *= *([;,\t|])[;,\t|"\s]*$', re.IGNORECASE)  # as Excel calls it, and as it saves that again

_QUOTED = re.compile('"[^"]*"')  # what stands in quotation marks separates nothing


def rows_of(raw: bytes, *, limit: int = MAX_ROWS) -> Iterator[Row]:
    """Yield the lines of a file that are not empty, its first one (the names of the columns) included.

    A byte that cannot be read becomes `UNREADABLE` in its cell. Raises AccountError for a file that is too large, of another
    kind, or broken, and after `limit` lines below the first.
    """
    if len(raw) > MAX_BYTES:
        raise AccountError(_("This file is larger than %(size)s MB. Split it.") % {"size": MAX_BYTES // 1_000_000})
    for beginning, sentence in _OTHER_KINDS.items():
        if raw.startswith(beginning):
            raise AccountError(str(sentence))
    rows = _rows_of_workbook(raw) if raw.startswith(_WORKBOOK) else _rows_of_text(decode(raw))
    seen = 0
    for number, cells in rows:
        if not any(visible(cell) for cell in cells):
            continue
        if seen > limit:
            raise AccountError(_("This file holds more than %(count)s lines. Split it into several files.") % {"count": limit})
        seen += 1
        yield number, cells


def header_of(raw: bytes) -> tuple[list[str], list[list[str]]]:
    """Return the names of the columns and the first lines below them, to show what the columns hold. Raises AccountError."""
    first = list(islice(rows_of(raw), 4))
    if len(first) < 2:
        raise AccountError(_("This file holds nothing below its first line, which names the columns."))
    header = [visible(cell)[:80] for cell in first[0][1]]
    while header and not header[-1]:
        header.pop()
    if len(header) > MAX_COLUMNS:
        raise AccountError(_("This file has more than %(count)s columns.") % {"count": MAX_COLUMNS})
    return header, [cells for _number, cells in first[1:]]


def decode(raw: bytes) -> str:
    """Return the text of a file: UTF-8, UTF-16 or what Excel writes in France, with plain line ends."""
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
        # A few wrong bytes in UTF-8 are wrong bytes: if all were read as cp1252 because of them, every “é” would become “Ã©”. If
        # even one accented letter is valid, it is UTF-8: no name contains “Ã” and a sign.
        is_utf8 = raw.startswith(codecs.BOM_UTF8) or _LETTER_IN_UTF8.search(raw)
        return raw.decode("utf-8-sig" if is_utf8 else "cp1252", errors="replace")


def _rows_of_text(text: str) -> Iterator[Row]:
    # DOS and old programs write a byte after the last line that is not a line.
    text = text.replace("\r\n", "\n").replace("\r", "\n").removeprefix("\ufeff").rstrip("\x1a\0")
    skipped, separator, start = 0, "", 0
    while True:
        end = text.find("\n", start)
        line = text[start:] if end < 0 else text[start:end]
        if not separator and (told := _SEPARATOR.match(line)):
            separator = told[1]
        elif visible(line).strip(SEPARATORS + ' "'):
            break
        if end < 0:
            return
        skipped, start = skipped + 1, end + 1
    separator = separator or max(SEPARATORS, key=_QUOTED.sub("", line).count)
    reader = csv.reader(_narrow(io.StringIO(text[start:], newline=""), separator, skipped), delimiter=separator, strict=True)
    begins = 0  # where the record that is being read begins
    try:
        for cells in reader:
            number, begins = skipped + begins + 1, reader.line_num
            yield number, [cell.replace("\n", " ").strip() if "\n" in cell else cell.strip() for cell in cells]
    except csv.Error as error:
        raise AccountError(_unreadable(str(error), skipped + begins + 1)) from error


def _narrow(lines: Iterable[str], separator: str, skipped: int) -> Iterator[str]:
    """Yield `lines`; raise AccountError for one with so many cells that splitting it would fill the memory."""
    for number, line in enumerate(lines, start=skipped + 1):
        if len(line) > MAX_CELLS and line.count(separator) > MAX_CELLS:
            raise AccountError(_("Line %(line)s has far too many cells.") % {"line": number})
        yield line


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


def _rows_of_workbook(raw: bytes) -> Iterator[Row]:
    """Yield the lines of the first sheet."""
    try:
        for number, cells in rows_of_workbook(raw, columns=MAX_COLUMNS):
            yield number, [well_formed(cell).replace("\n", " ").strip() for cell in cells]
    except TooLarge:
        raise AccountError(_("This workbook is too large once it is unpacked. Save it as CSV.")) from None
    except Unreadable as error:
        raise AccountError(_("This workbook cannot be read. Save it again, or as CSV.")) from error
