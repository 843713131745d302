"""A list of the directory as a file, previewed before anything changes. A column `code`, the names, and for entities `parent`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any

import msgspec
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from apps.accounts.errors import AccountError
from apps.accounts.imports.reading import UNREADABLE, Row
from apps.accounts.lengths import longest
from apps.core.text import folded, visible

from .kinds import Kind
from .model import DEEPEST, Entity, check_code, check_name

MAX_ENTRIES = 2000
_ALIASES = {
    **dict.fromkeys(("code", "identifiant", "id"), "code"),
    **dict.fromkeys(("nom", "name", "libelle", "intitule"), "name"),
    **dict.fromkeys(("nom (fr)", "nom en francais", "libelle fr", "name in french", "french", "francais"), "name_fr"),
    **dict.fromkeys(("nom (en)", "nom en anglais", "libelle en", "name in english", "english", "anglais"), "name_en"),
    **dict.fromkeys(("ville", "city", "commune"), "city"),
    **dict.fromkeys(("parent", "rattachement", "appartient a", "belongs to", "entite mere", "code parent"), "parent"),
}


@dataclass(slots=True, eq=False)
class EntryLine:
    """One line of the file. `entry`: the entry it changes, None if it creates one; `changed`: old and new values, by column.
    `error`: why it cannot be taken."""

    number: int
    code: str
    values: dict[str, str]
    entry: Any = None
    changed: dict[str, tuple[str, str]] = field(default_factory=dict)
    error: str = ""

    @property
    def name(self) -> str:
        return self.values.get("name") or self.values.get("name_fr", "")

    @property
    def told(self) -> list[str]:
        """What the line does, besides naming the entry, column by column: all values of a new entry, the changes of an existing
        one."""
        if self.entry is None:
            return [f"{name}: {value}" for name, value in self.values.items() if value and value != self.name]
        return [f"{name}: {before or '—'} → {after or '—'}" for name, (before, after) in self.changed.items()]


@dataclass(frozen=True, slots=True)
class EntryPreview:
    """What importing a file of the directory would do. `columns`: the columns of the file that are used; `left_out`: the names of
    the others."""

    columns: list[str]
    lines: list[EntryLine]
    left_out: list[str]

    @property
    def errors(self) -> list[EntryLine]:
        return [line for line in self.lines if line.error]

    @property
    def new(self) -> list[EntryLine]:
        return [line for line in self.lines if not line.error and line.entry is None]

    @property
    def changed(self) -> list[EntryLine]:
        return [line for line in self.lines if not line.error and line.entry is not None and line.changed]

    @property
    def unchanged(self) -> int:
        return len(self.lines) - len(self.errors) - len(self.new) - len(self.changed)

    @property
    def may_apply(self) -> bool:
        return not self.errors and bool(self.new or self.changed)

    @property
    def digest(self) -> str:
        """A digest of all that this would do: two previews that would do the same have the same one."""
        does = [
            [line.number, line.code, line.name, line.entry.pk if line.entry else 0, line.told, line.error] for line in self.lines
        ]
        return sha256(msgspec.json.encode(does)).hexdigest()

    @property
    def rows(self) -> str:
        """The rows taken from the file, exactly, as a page keeps them until they are applied: read again by `rows_kept`."""
        taken = [
            (line.number, [{"code": line.code, **line.values}.get(name, "") for name in self.columns]) for line in self.lines
        ]
        return msgspec.json.encode([(0, self.columns), *taken]).decode()


def rows_kept(text: str) -> list[Row]:
    """Return what `EntryPreview.rows` wrote. Raises AccountError for anything else."""
    try:
        rows = msgspec.json.decode(text, type=list[Row])
    except msgspec.MsgspecError:
        rows = []
    if not rows or len(rows) > MAX_ENTRIES + 1:
        raise AccountError(_("The lines of the file did not arrive. Choose the file again."))
    return rows


def read_entries(kind: Kind, rows: Iterable[tuple[int, Sequence[str]]]) -> EntryPreview:
    """Check the rows of a file against the current list. One query. Raises AccountError for a file that is not such a list."""
    table = iter(rows)
    _number, first = next(table, (0, []))
    header = _header(kind, first)
    known = {entry.code.casefold(): entry for entry in kind.model._default_manager.all()}
    codes = {entry.pk: entry.code for entry in known.values()}
    seen: dict[str, int] = {}
    lines = []
    for number, cells in table:
        row = {name: visible(cell) for name, cell in zip(header, cells, strict=False) if name}
        line = EntryLine(number, row.pop("code", ""), row)
        lines.append(line)
        line.entry = known.get(line.code.casefold())
        line.error = _unread(cells, header) or _error(kind, line, seen)
        seen.setdefault(line.code.casefold(), number)
        if line.entry is not None and not line.error:
            present = {name: str(getattr(line.entry, name)) for name in row if name != "parent"}
            if isinstance(line.entry, Entity) and "parent" in row:
                present["parent"] = codes.get(line.entry.parent_id or 0, "")
            line.changed = {name: (present[name], value) for name, value in row.items() if not _same(name, value, present[name])}
    if not lines:
        raise AccountError(_("This file holds nothing below its first line, which names the columns."))
    if kind.is_tree:
        _check_parents(lines, known)
    left_out = [visible(cell)[:80] for cell, name in zip(first, header, strict=True) if visible(cell) and not name]
    return EntryPreview([name for name in header if name], lines, left_out)


def _same(name: str, value: str, present: str) -> bool:
    return value.casefold() == present.casefold() if name == "parent" else value == present


def _header(kind: Kind, cells: Sequence[str]) -> list[str]:
    names = [" ".join(folded(cell).split()) for cell in cells]
    header = [name if name in kind.columns else _ALIASES.get(name, "") for name in names]
    if kind.model.NAMES[0] == "name_fr":  # a single name is used for both languages
        header = ["name_fr" if name == "name" and "name_fr" not in header else name for name in header]
    header = [name if name in kind.columns else "" for name in header]
    missing = [name for name in ("code", kind.model.NAMES[0]) if name not in header]
    if missing:
        raise AccountError(_("The first line must name the columns. Missing: %(names)s.") % {"names": ", ".join(missing)})
    if len({name for name in header if name}) != len([name for name in header if name]):
        raise AccountError(_("A column appears twice in the first line."))
    return header


def _unread(cells: Sequence[str], header: Sequence[str]) -> str:
    if any(visible(cell) for cell in cells[len(header) :]):
        return _("There are more cells than columns.")
    if any(UNREADABLE in cell for cell, name in zip(cells, header, strict=False) if name):
        return _("A letter on this line cannot be read. Save the file as “CSV UTF-8”, or type the letter again.")
    return ""


def _error(kind: Kind, line: EntryLine, seen: dict[str, int]) -> str:
    if not line.code:
        return _("The cell “%(column)s” is empty.") % {"column": "code"}
    try:
        check_code(line.code)
    except ValidationError as error:
        return str(error.message)
    if len(line.code) > longest(kind.model, "code"):
        return _("The cell “%(column)s” is too long.") % {"column": "code"}
    if (before := seen.get(line.code.casefold())) is not None:
        return _("The same code is on line %(line)s.") % {"line": before}
    if line.entry is not None and not line.entry.is_open:
        return _("This entry is closed. Open it first.")
    for name in kind.model.NAMES:
        value = line.values.get(name, "")
        if not value and name == "name_en" and line.entry is None:
            line.values[name] = value = line.values.get("name_fr", "")
        if not value and line.entry is None:
            return _("The cell “%(column)s” is empty.") % {"column": name}
        if not value:
            line.values.pop(name, None)  # an empty cell leaves the current value
        if len(value) > longest(kind.model, name):
            return _("The cell “%(column)s” is too long.") % {"column": name}
        try:
            check_name(value)
        except ValidationError as error:
            return f"{name}: {error.message}"
    return ""


def _check_parents(lines: list[EntryLine], known: Mapping[str, Entity]) -> None:
    """Give an error to each line whose parent is neither an open entity nor a line of the file, or that would break the tree."""
    here = {code for code, entry in known.items() if entry.is_open} | {line.code.casefold() for line in lines if not line.error}
    for line in lines:
        parent = line.values.get("parent", "")
        if parent and not line.error and parent.casefold() not in here:
            line.error = _("There is no open entity “%(code)s”.") % {"code": parent[:60]}
    moved = {line.code.casefold(): line for line in lines if not line.error and (line.entry is None or "parent" in line.changed)}
    codes = {entry.pk: code for code, entry in known.items()}
    above = {code: codes.get(entry.parent_id or 0, "") for code, entry in known.items()}
    above |= {code: line.values.get("parent", "").casefold() for code, line in moved.items()}
    for start in above:
        way: list[str] = []
        code = start
        while code and code not in way and len(way) < DEEPEST:
            way.append(code)
            code = above.get(code, "")
        if code and (wrong := next((moved[each] for each in way if each in moved), None)):
            circle = _("This entity would belong to itself.")
            wrong.error = wrong.error or (circle if code in way else too_deep())


def too_deep() -> str:
    return _("Entities have at most %(count)s levels.") % {"count": DEEPEST}
