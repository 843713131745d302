"""What one line of a file says, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from allauth.account.models import EmailAddress
from django.core.exceptions import ValidationError
from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from apps.accounts.addresses import check_email, normal_email, normal_name
from apps.accounts.directory.model import check_code
from apps.accounts.models import User
from apps.core.tables import FORMULA
from apps.core.text import visible

from .columns import LABELS, PLACES
from .reading import UNREADABLE

if TYPE_CHECKING:
    from apps.accounts.queries import Directory

LONGEST = {"email": 254, "first_name": 80, "last_name": 80}
LONGEST_CODE = 50
# Stored with a line by its code, and worded in the language of the reader.
REASONS = {
    "surplus": gettext_noop("There are more cells than columns."),
    "unreadable": gettext_noop("A letter on this line cannot be read. Save the file as “CSV UTF-8”, or type the letter again."),
    "empty": gettext_noop("The cell “%(column)s” is empty."),
    "long": gettext_noop("The cell “%(column)s” is too long."),
    "formula": gettext_noop("The cell “%(column)s” starts like a formula or holds control characters."),
    "no_address": gettext_noop("“%(email)s” is not an e-mail address."),
    "unknown_code": gettext_noop("%(column)s: there is no code “%(code)s” in the directory."),
    "closed_code": gettext_noop("%(column)s: the entry “%(code)s” is closed. Open it first, or name another."),
    "twice": gettext_noop("The same address is on line %(line)s."),
    "closed_account": gettext_noop("The closed account of %(name)s has this address. Open it or change its address first."),
    "held_address": gettext_noop("%(name)s has this address as a second one. Enter the one they sign in with."),
}


@dataclass(frozen=True, slots=True)
class Reason:
    """Why a line cannot be taken."""

    code: str
    words: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        column = {"column": LABELS[self.words["column"]]} if "column" in self.words else {}
        return _(REASONS[self.code]) % {**self.words, **column}


@dataclass(frozen=True, slots=True, eq=False)
class Coming:
    """An entry of the directory that will be created."""

    code: str
    pk: None = None


@dataclass(slots=True)
class Line:
    """One line of the file. `reason`: why it cannot be taken. `person`: the person it changes; None if it enters a new one.
    `values`: its content, by field of a person. `unknown`: codes missing from the directory that could be created, by column.
    `has_address`: whether it is clear whose line it is."""

    number: int
    cells: Sequence[str]
    email: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    reason: Reason | None = None
    person: User | None = None
    changed: list[str] = field(default_factory=list)
    unknown: dict[str, str] = field(default_factory=dict)
    has_address: bool = True

    @property
    def name(self) -> str:
        return f"{self.values.get('first_name', '')} {self.values.get('last_name', '')}".strip()


class Reader:
    """Turns cells into lines of the file, one after another: it remembers which addresses it has met.

    `mapping`: the field of each column, "" for a column that is left out. `creating`: codes that will be created, by column.
    """

    def __init__(self, mapping: Sequence[str], known: Directory, creating: Mapping[str, Iterable[str]] | None = None) -> None:
        self._mapping = list(mapping)
        self._at = {name: place for place, name in enumerate(mapping) if name}
        self.known = known
        self._coming = {column: {code.casefold(): Coming(code) for code in codes} for column, codes in (creating or {}).items()}
        self._seen: dict[str, int] = {}
        self.named: set[str] = set()  # every address in the file, including those of wrong lines

    def lines(self, rows: Iterable[tuple[int, Sequence[str]]]) -> Iterator[Line]:
        for number, cells in rows:
            yield self.line(number, cells)

    def line(self, number: int, cells: Sequence[str]) -> Line:
        """Return the content of a line, checked except against existing people."""
        line = Line(number, cells)
        row = {name: cells[place] if place < len(cells) else "" for name, place in self._at.items()}
        line.email = normal_email(row["email"])
        line.values = {name: normal_name(row[name]) for name in ("first_name", "last_name")}
        self.named.add(line.email)
        line.has_address = _is_address(line.email)
        line.reason = self._reason(line, row)
        if line.reason is None and (before := self._seen.setdefault(line.email, number)) != number:
            line.reason = Reason("twice", {"line": before})
        return line

    def _reason(self, line: Line, row: Mapping[str, str]) -> Reason | None:
        if any(visible(cell) for cell in line.cells[len(self._mapping) :]):
            return Reason("surplus")
        if any(UNREADABLE in cell for cell in row.values()):
            return Reason("unreadable")
        for name, longest in LONGEST.items():
            kept = line.email if name == "email" else line.values[name]
            if not kept:
                return Reason("empty", {"column": name})
            if len(kept) > longest:
                return Reason("long", {"column": name})
            # Also with the leading mark that keeps a formula from running in a file that was given back.
            if any(text.lstrip("'").startswith(FORMULA) for text in (kept, row[name])) or _has_controls(row[name]):
                return Reason("formula", {"column": name})
        if not line.has_address:
            return Reason("no_address", {"email": line.email[:100]})
        return self._place(line, row)

    def _place(self, line: Line, row: Mapping[str, str]) -> Reason | None:
        """Fill in the places of a line. All of its unknown codes are collected; the first wrong one is the reason."""
        reason = None
        for column, name in PLACES.items():
            code = visible(row.get(column, ""))
            if not code:
                continue  # an empty cell leaves the current value
            if self.known.is_closed(column, code):  # possibly made since it was asked for, and then closed: it will not be made
                reason = reason or Reason("closed_code", {"column": column, "code": code[:60]})
                continue
            entry = self.known.find(column, code) or self._coming.get(column, {}).get(code.casefold())
            if entry is not None:
                line.values[name] = entry
            else:
                reason = reason or Reason("unknown_code", {"column": column, "code": code[:60]})
                if _could_be_made(code):
                    line.unknown[column] = code
        return reason


def _has_controls(text: str) -> bool:
    return any(ord(letter) < 32 for letter in text)


def _is_address(email: str) -> bool:
    try:
        check_email(email)
    except ValidationError:
        return False
    return True


def _could_be_made(code: str) -> bool:
    try:
        check_code(code)
    except ValidationError:
        return False
    return len(code) <= LONGEST_CODE


def compare(lines: Sequence[Line], *, hold: bool = False) -> None:
    """Add to each line whom it changes, and how; or that it cannot be taken after all. Two queries.

    `hold`: the people are locked until the transaction ends.
    """
    right = {line.email: line for line in lines if line.reason is None}
    if not right:
        return
    people = User.objects.filter(email__in=list(right)).order_by("pk")
    present = {person.email: person for person in (people.select_for_update() if hold else people)}
    others = EmailAddress.objects.filter(email__in=list(right)).exclude(user__email=F("email")).select_related("user")
    held = {address.email: address.user for address in others.order_by("pk")}
    for line in right.values():
        line.person = present.get(line.email)
        if line.person is not None:
            _compare_with(line, line.person)
        elif line.email in held:
            line.reason = Reason("held_address", {"name": str(held[line.email])})


def _compare_with(line: Line, person: User) -> None:
    line.changed = [name for name, value in line.values.items() if _present(person, name) != _key(value)]
    if not person.is_active and {"first_name", "last_name"} & set(line.changed):
        # Somebody else may have this address by now: under their name the closed account would pass for theirs.
        line.reason = Reason("closed_account", {"name": str(person)})


def _present(person: User, name: str) -> Any:
    return getattr(person, name if name in ("first_name", "last_name") else f"{name}_id")


def _key(value: Any) -> Any:
    """Return what would be stored of `value` on a person. An entry that is not created yet has nobody in it."""
    if isinstance(value, str):
        return value
    return value if isinstance(value, Coming) else value.pk
