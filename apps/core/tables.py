"""Tables as files that spreadsheets open, written so that a spreadsheet runs nothing in them."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence

from openpyxl import Workbook

FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
CSV, XLSX = "csv", "xlsx"
CONTENT_TYPES = {
    CSV: "text/csv; charset=utf-8",
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
}


def safe_cell(value: object) -> str:
    """Return `value` as a cell that no spreadsheet takes for a formula."""
    text = "" if value is None else str(value)
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def csv_line(cells: Iterable[object], language: str) -> str:
    """Return one line of CSV. A spreadsheet set to French expects semicolons; the others expect commas."""
    out = io.StringIO()
    csv.writer(out, delimiter=";" if language == "fr" else ",", lineterminator="\r\n").writerow(
        [safe_cell(cell) for cell in cells]
    )
    return out.getvalue()


def csv_file(rows: Iterable[Sequence[object]], language: str) -> bytes:
    """Return `rows`, the first of them the column names, as a CSV file that spreadsheets read as UTF-8."""
    return ("\ufeff" + "".join(csv_line(row, language) for row in rows)).encode()


def xlsx_file(rows: Iterable[Sequence[object]], title: str) -> bytes:
    """Return `rows` as a workbook of one sheet, every cell as text."""
    book = Workbook(write_only=True)
    sheet = book.create_sheet(title[:31])
    for row in rows:
        sheet.append([safe_cell(cell) for cell in row])
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def table_file(kind: str, rows: Iterable[Sequence[object]], *, title: str, language: str) -> bytes:
    """Return `rows` as a file of `kind`, CSV or XLSX."""
    return xlsx_file(rows, title) if kind == XLSX else csv_file(rows, language)
