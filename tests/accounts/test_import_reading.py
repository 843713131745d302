from __future__ import annotations

import io
import tracemalloc
import zipfile
from datetime import date

import pytest

from apps.accounts.errors import AccountError
from apps.accounts.imports import reading, workbooks
from apps.accounts.imports.reading import decode, header_of, rows_of

from .importing import HEAD, workbook

NAMES = "email;first_name;last_name\nzoe@alcyon.example;Zoé;Petit\n"
ROWS = [["email", "first_name", "last_name"], ["zoe@alcyon.example", "Zoé", "Petit"]]
NS = 'xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"'


def cells(file: str | bytes) -> list[list[str]]:
    return [row for _number, row in rows_of(file.encode() if isinstance(file, str) else file)]


# Text ----------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_files_as_spreadsheets_write_them(encoding: str, end: str) -> None:
    assert cells(NAMES.replace("\n", end).encode(encoding)) == ROWS


def test_single_letters_in_any_encoding() -> None:
    assert decode("\ufeffé".encode()) == "é"
    assert decode("é".encode("cp1252")) == "é"


@pytest.mark.parametrize("mark", [b"", b"\xef\xbb\xbf"])
def test_more_wrong_bytes_than_accents_make_no_mojibake_either(mark: bytes) -> None:
    text = "".join(f"{name};Petit\n" for name in ("Zoé", "L\xffa", "N\xffmi", "Ana"))
    rows = cells(mark + text.encode().replace("\xff".encode(), b"\xe9"))
    assert [row[0] for row in rows] == ["Zoé", "L\ufffda", "N\ufffdmi", "Ana"]


def test_a_file_that_begins_as_utf8_is_utf8() -> None:
    assert cells(b"\xef\xbb\xbfa;Zo\xe9\nb;c\n")[0] == ["a", "Zo\ufffd"]


def test_a_letter_that_was_lost_before_is_not_made_into_others() -> None:
    assert cells("a;Ren\ufffd\n")[0] == ["a", "Ren\ufffd"]


def test_a_whole_file_in_the_old_encoding_keeps_its_capitals_and_signs() -> None:
    text = "ANDRÉ\xa0;«\xa0L’Écuyer\xa0»\nJérôme;Œuvré\n"
    assert cells(text.encode("cp1252")) == [["ANDRÉ", "«\xa0L’Écuyer\xa0»"], ["Jérôme", "Œuvré"]]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (NAMES + 'a@b.example;"Ana;Roux\nb@b.example;B;C\n', "quotation mark on line 3 is never closed"),
        (HEAD + 'zoe@alcyon.example;"Zoé;Petit\n', "quotation mark on line 2 is never closed"),
        (HEAD + 'a@b.example;"An"a;Roux\n', "On line 2, something follows a closing quotation mark"),
        ("sep=;\n\n" + HEAD + 'a@b.example;"An"a;Roux\n', "On line 4, something follows"),
        (HEAD + f"a@b.example;{'x' * 140_000};Roux\n", "A cell on line 2 is far too long"),
        ("sep=;\n" + HEAD + ";" * 20_000 + "\n", "Line 3 has far too many cells"),
    ],
)
def test_what_is_wrong_with_the_file_is_a_sentence_with_its_line(text: str, words: str) -> None:
    with pytest.raises(AccountError) as caught:
        cells(text)
    assert words in str(caught.value)
    assert "unexpected" not in str(caught.value)


def test_what_stands_in_quotation_marks_separates_nothing() -> None:
    assert cells('email;"Site, street, town";"Name, as known"\na@b.fr;Nantes;Zoé\n') == [
        ["email", "Site, street, town", "Name, as known"],
        ["a@b.fr", "Nantes", "Zoé"],
    ]


def test_lines_are_counted_as_a_person_counts_them() -> None:
    text = "sep=;\n" + HEAD + 'zoe@alcyon.example;"Zoé\nMarie";Petit;;;;\n\nbad;A;B;;;;\n'
    assert [(number, row[1]) for number, row in rows_of(text.encode())] == [(2, "first_name"), (3, "Zoé Marie"), (6, "A")]


@pytest.mark.parametrize(
    ("raw", "words"),
    [
        (b"PK\x03\x04rest", "cannot be read"),
        (b"\xd0\xcf\x11\xe0rest", "old workbook"),
        (b"%PDF-1.7", "PDF"),
        (b"", "nothing below its first line"),
        (HEAD.encode(), "nothing below its first line"),
        (b"\n\n", "nothing below its first line"),
        (b"sep=;", "nothing below its first line"),
        ((";".join(f"c{n}" for n in range(101)) + "\na;b\n").encode(), "more than 100 columns"),
    ],
)
def test_a_file_of_another_kind_says_what_it_is(raw: bytes, words: str) -> None:
    with pytest.raises(AccountError, match=words):
        header_of(raw)


def test_files_have_a_size() -> None:
    with pytest.raises(AccountError, match="more than 2 lines"):
        list(rows_of((HEAD + "a;b;c\n" * 3).encode(), limit=2))
    with pytest.raises(AccountError, match="larger than 20 MB"):
        list(rows_of(b"x" * (reading.MAX_BYTES + 1)))


# Workbooks -----------------------------------------------------------------------------------------------------------
def test_a_workbook_reads_as_its_list_in_text() -> None:
    raw = workbook([["email", "n", "when", "half"], [" zoe@alcyon.example\n", 7.0, date(2024, 5, 1), 7.5], [], [None, True, "é"]])
    assert list(rows_of(raw)) == [
        (1, ["email", "n", "when", "half"]),
        (2, ["zoe@alcyon.example", "7", "2024-05-01", "7.5"]),
        (4, ["", "TRUE", "é"]),
    ]


def packed(**parts: str) -> bytes:
    """Return a workbook written by hand: `sheet`, and `strings`, `styles`, `book` if given."""
    kinds = {"sheet": "worksheet", "strings": "sharedStrings", "styles": "styles"}
    relation = '<Relationship Id="{0}" Type="http://x/relationships/{1}" Target="{2}"/>'
    wrap = '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">{}</Relationships>'
    inner = "".join(relation.format(name, kinds[name], f"/xl/{name}.xml") for name in parts if name in kinds)
    book = f'<workbook {NS} xmlns:r="http://x/r"><sheets><sheet name="A" sheetId="1" r:id="sheet"/></sheets></workbook>'
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("_rels/.rels", wrap.format(relation.format("book", "officeDocument", "xl/book.xml")))
        file.writestr("xl/_rels/book.xml.rels", wrap.format(inner))
        file.writestr("xl/book.xml", parts.pop("book", book))
        for name, text in parts.items():
            file.writestr(f"xl/{name}.xml", text)
    return out.getvalue()


def sheet(rows: str) -> str:
    return f"<worksheet {NS}><sheetData>{rows}</sheetData></worksheet>"


def test_workbooks_of_other_programs() -> None:
    strings = (
        "<x:sst xmlns:x='a'><x:si><x:r><x:t>Zo</x:t></x:r><x:r><x:t>é</x:t></x:r><x:rPh><x:t>no</x:t></x:rPh></x:si></x:sst>"
    )
    rows = (
        '<row><c t="s"><v>0</v></c><c t="inlineStr"><is><t>Pe_x0041_tit</t></is></c><c><f>1+1</f><v>2</v></c></row>'
        '<row r="5"><c r="AA5" t="str"><v>far</v></c><c r="AB5" t="e"><v>#REF!</v></c></row>'
    )
    found = list(rows_of(packed(sheet=sheet(rows), strings=strings)))
    assert found[0] == (1, ["Zoé", "PeAtit", "2"])
    assert found[1] == (5, [*[""] * 26, "far", "#REF!"])


def test_the_first_sheet_that_is_shown_is_read() -> None:
    book = f'<workbook {NS} xmlns:r="x"><sheets><sheet state="hidden" r:id="no"/><sheet r:id="sheet"/></sheets></workbook>'
    assert cells(packed(book=book, sheet=sheet("<row><c><v>1</v></c></row>"))) == [["1"]]


@pytest.mark.parametrize(
    "parts",
    [
        {"sheet": "<worksheet><sheetData><row>"},
        {"sheet": sheet('<row><c t="s"><v>x</v></c></row>')},
        {"sheet": '<!DOCTYPE a [<!ENTITY b "bbbb">]>' + sheet("<row><c t='str'><v>&b;</v></c></row>")},
        {"strings": "<sst/>"},
        {"book": "<workbook/"},
        {"sheet": '<?xml version="1.0" encoding="none"?>' + sheet("<row/>")},
        {"sheet": sheet('<row r="99999999999"><c><v>1</v></c></row>')},
    ],
)
def test_what_is_no_workbook_gets_a_sentence(parts: dict[str, str]) -> None:
    with pytest.raises(AccountError, match="cannot be read"):
        cells(packed(**parts))


@pytest.mark.parametrize("method", [zipfile.ZIP_DEFLATED, zipfile.ZIP_LZMA, zipfile.ZIP_BZIP2])
def test_a_damaged_workbook_gets_a_sentence(method: int) -> None:
    rows, out = sheet("".join(f"<row><c><v>{number}</v></c></row>" for number in range(99))), io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(packed(sheet=rows))) as whole, zipfile.ZipFile(out, "w", method) as again:
        for name in whole.namelist():
            again.writestr(name, whole.read(name))
    raw = bytearray(out.getvalue())
    content = raw.index(b"xl/sheet.xml") + len("xl/sheet.xml")
    for place in range(content + 9, content + 40):
        raw[place] ^= 0xFF
    with pytest.raises(AccountError, match="cannot be read"):
        cells(bytes(raw))


CELL = '<c t="str"><v>x</v></c>'
BOMBS = {
    "many strings": {"strings": f"<sst {NS}>" + "<si><t>x</t></si>" * 100_000 + "</sst>", "sheet": sheet("")},
    "one endless row": {"sheet": sheet("<row>" + CELL * 21_000 + "</row>")},
    "rows without end": {"sheet": sheet(f"<row>{CELL}</row>" * 100_000)},
    "one endless cell": {"sheet": sheet(f"<row><c t='str'><v>{'x' * 12_000_000}</v></c></row>")},
    "one endless attribute": {"sheet": sheet(f"<row><c r='{'A' * 9_000_000}'><v>1</v></c></row>")},
    "one endless comment": {"sheet": sheet(f"<!--{'A' * 9_000_000}-->")},
    "a large sheet that says nothing": {"sheet": sheet(" " * 12_000_000)},
}


@pytest.mark.parametrize("bomb", BOMBS)
def test_what_unpacks_to_too_much_is_refused_before_it_fills_the_memory(bomb: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(workbooks, "MAX_UNPACKED", 10_000_000)
    monkeypatch.setattr(workbooks, "MAX_ELEMENTS", 30_000)
    raw = packed(**BOMBS[bomb])
    assert len(raw) < 100_000
    tracemalloc.start()
    try:
        with pytest.raises(AccountError, match="too large once it is unpacked"):
            cells(raw)
        assert tracemalloc.get_traced_memory()[1] < 20_000_000
    finally:
        tracemalloc.stop()


def test_surplus_cells_stand_in_one_column_and_long_ones_are_cut() -> None:
    row = "<row>" + CELL * 200 + "</row>" + f"<row><c t='str'><v>{'x' * 5000}</v></c></row>"
    wide, long = cells(packed(sheet=sheet(row)))
    assert len(wide) == reading.MAX_COLUMNS + 1
    assert len(long[0]) == workbooks.LONGEST_CELL
