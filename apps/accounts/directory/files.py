"""A list of the directory as a file: looked at before anything changes. A column `code`, the names, and for entities `parent`."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.utils.translation import gettext as _

from apps.accounts.errors import AccountError
from apps.core.tables import FORMULA
from apps.core.text import folded, visible

from .kinds import Kind
from .model import Entity

MAX_ENTRIES = 2000
LONGEST_CODE, LONGEST_NAME = 50, 120
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
    """One line of the file. `entry`: what it changes, None where it makes one. `error`: why it cannot be taken."""

    number: int
    code: str
    values: dict[str, str]
    entry: Any = None
    changed: list[str] = field(default_factory=list)
    error: str = ""

    @property
    def name(self) -> str:
        return self.values.get("name") or self.values.get("name_fr", "")


@dataclass(frozen=True, slots=True)
class EntryPreview:
    """What importing a file of the directory would do."""

    lines: list[EntryLine]

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


def read_entries(kind: Kind, rows: Iterable[tuple[int, Sequence[str]]]) -> EntryPreview:
    """Check the rows of a file against the list there is. One query. Raises AccountError for a file that is no such list."""
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
        line.error = _error(kind, line, seen)
        seen.setdefault(line.code.casefold(), number)
        if line.entry is not None and not line.error:
            present = {name: str(getattr(line.entry, name)) for name in row if name != "parent"}
            if isinstance(line.entry, Entity) and "parent" in row:
                present["parent"] = codes.get(line.entry.parent_id or 0, "")
            line.changed = [name for name, value in row.items() if not _same(name, value, present[name])]
    if not lines:
        raise AccountError(_("This file holds nothing below its first line, which names the columns."))
    if kind.is_tree:
        _check_parents(lines, {code for code, entry in known.items() if entry.is_open})
    return EntryPreview(lines)


def _same(name: str, value: str, present: str) -> bool:
    return value.casefold() == present.casefold() if name == "parent" else value == present


def _header(kind: Kind, cells: Sequence[str]) -> list[str]:
    names = [" ".join(folded(cell).split()) for cell in cells]
    header = [name if name in kind.columns else _ALIASES.get(name, "") for name in names]
    if kind.model.NAMES[0] == "name_fr":  # a single name stands for both languages
        header = ["name_fr" if name == "name" and "name_fr" not in header else name for name in header]
    header = [name if name in kind.columns else "" for name in header]
    missing = [name for name in ("code", kind.model.NAMES[0]) if name not in header]
    if missing:
        raise AccountError(_("The first line must name the columns. Missing: %(names)s.") % {"names": ", ".join(missing)})
    if len({name for name in header if name}) != len([name for name in header if name]):
        raise AccountError(_("A column stands twice in the first line."))
    return header


def _error(kind: Kind, line: EntryLine, seen: dict[str, int]) -> str:
    if not line.code:
        return _("The cell “%(column)s” is empty.") % {"column": "code"}
    try:
        validate_slug(line.code)
    except ValidationError:
        return _("A code is made of letters without accents, digits, “-” and “_”.")
    if len(line.code) > LONGEST_CODE:
        return _("The cell “%(column)s” is too long.") % {"column": "code"}
    if (before := seen.get(line.code.casefold())) is not None:
        return _("The same code stands on line %(line)s.") % {"line": before}
    if line.entry is not None and not line.entry.is_open:
        return _("This entry is closed. Open it first.")
    for name in kind.model.NAMES:
        value = line.values.get(name, "")
        if not value and name == "name_en" and line.entry is None:
            line.values[name] = value = line.values.get("name_fr", "")
        if not value and line.entry is None:
            return _("The cell “%(column)s” is empty.") % {"column": name}
        if not value:
            line.values.pop(name, None)  # an empty cell leaves what is known
        if len(value) > LONGEST_NAME:
            return _("The cell “%(column)s” is too long.") % {"column": name}
        if value.startswith(FORMULA):
            return _("The cell “%(column)s” starts like a formula or holds control characters.") % {"column": name}
    return ""


def _check_parents(lines: list[EntryLine], known: set[str]) -> None:
    """Tell each line whose parent is neither an open entity nor a line of the file."""
    here = known | {line.code.casefold() for line in lines if not line.error}
    for line in lines:
        parent = line.values.get("parent", "")
        if parent and not line.error and parent.casefold() not in here:
            line.error = _("There is no open entity “%(code)s”.") % {"code": parent[:60]}
        if parent and parent.casefold() == line.code.casefold():
            line.error = _("An entity cannot belong to itself.")
