from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from django.core.paginator import Page, Paginator
from django.db.models import Count, Q

from apps.accounts.directory import KINDS, Kind
from apps.accounts.directory.model import DEEPEST, DirectoryEntry
from apps.accounts.models import Entity, User
from apps.core.missing import get_or_not_there
from apps.core.text import folded

PER_PAGE = 50


@dataclass(frozen=True, slots=True)
class Directory:
    """Everything a person can belong to: for each kind, by its column in files, the open entries by code.

    A code is found ignoring case; that of a merged entry finds the one which took over its people.
    """

    entries: Mapping[str, Mapping[str, Any]]
    closed: Mapping[str, frozenset[str]]

    def find(self, column: str, code: str) -> Any | None:
        """Return the open entry of this code; None where there is none."""
        return self.entries[column].get(code.casefold())

    def is_closed(self, column: str, code: str) -> bool:
        """Whether the code is that of a closed entry that was not merged."""
        return code.casefold() in self.closed[column]


def directory(*, hold: bool = False) -> Directory:
    """Return the company's directory. Four queries.

    `hold`: entries stay as they are until the transaction ends, so that nobody is put into one that is merged meanwhile.
    """
    entries, closed = {}, {}
    for kind in KINDS:
        rows = kind.model._default_manager
        every = list(rows.select_for_update(no_key=True).order_by("pk") if hold else rows.all())
        here = {entry.pk: entry for entry in every if entry.is_open}
        found = {entry.code.casefold(): here[entry.merged_into_id] for entry in every if entry.merged_into_id in here}
        found |= {entry.code.casefold(): entry for entry in here.values()}
        entries[kind.column] = found
        closed[kind.column] = frozenset(entry.code.casefold() for entry in every) - frozenset(found)
    return Directory(entries, closed)


def find_entry(kind: Kind, code: str) -> Any | None:
    """Return the open entry of this code, as `Directory.find` does; None where there is none. One query."""
    found = kind.model.objects.select_related("merged_into").with_code(code).first()
    meant = found.merged_into or found if found is not None else None
    return meant if meant is not None and meant.is_open else None


def entity_and_below(entity_id: int) -> set[int]:
    """Return the ids of an entity and of all that belong to it. One query."""
    children: dict[int | None, list[int]] = {}
    for pk, parent in Entity.objects.values_list("pk", "parent"):
        children.setdefault(parent, []).append(pk)
    found: set[int] = set()
    waiting = [entity_id]
    while waiting:
        pk = waiting.pop()
        if pk not in found:
            found.add(pk)
            waiting += children.get(pk, [])
    return found


def depth_of_entities() -> int:
    """Return how many levels of entities there are. One query."""
    children: dict[int | None, list[int]] = {}
    for pk, parent in Entity.objects.values_list("pk", "parent"):
        children.setdefault(parent, []).append(pk)
    depth, level = 0, children.get(None, [])
    while level:
        depth, level = depth + 1, [below for pk in level for below in children.get(pk, [])]
    return depth


@dataclass(frozen=True, slots=True)
class EntryRow:
    """One line of a list. `people`: open accounts in this very entry; `below`: in it and all that belongs to it."""

    entry: Any
    depth: int = 0
    people: int = 0
    below: int = 0
    path: str = ""

    @property
    def indent(self) -> int:
        """How far the page indents it: levels deeper than six look the same."""
        return min(self.depth, 6)


@dataclass(slots=True)
class _Node:
    entry: Entity
    children: list[_Node] = field(default_factory=list)
    people: int = 0
    below: int = 0


def count_people(kind: Kind, *, among: Iterable[int] | None = None) -> dict[int, int]:
    """Return how many open accounts belong to each entry, by its id. One query."""
    people = User.objects.filter(is_active=True, **{f"{kind.person_field}__isnull": False})
    if among is not None:
        people = people.filter(**{f"{kind.person_field}__in": list(among)})
    counted = people.order_by().values_list(f"{kind.person_field}_id").annotate(count=Count("pk"))
    return dict(counted)


def count_entries() -> dict[str, int]:
    """Return how many open entries each list has, by the code of its kind. Four queries."""
    return {kind.code: kind.model._default_manager.open().count() for kind in KINDS}


def page_of_entries(kind: Kind, *, text: str = "", closed: bool = False, number: Any = 1) -> Page[EntryRow]:
    """Return one page of a list: searched by `text`, including closed entries if `closed`. Three queries however many rows.

    Entities come as a tree, each below what it belongs to; search results, as a list with the path to each.
    """
    if kind.is_tree:
        return Paginator(_tree(text=text, closed=closed), PER_PAGE).get_page(number)
    entries = kind.model._default_manager.matching(text).select_related("merged_into")
    if not closed:
        entries = entries.open()
    page: Page[Any] = Paginator(entries, PER_PAGE).get_page(number)
    entries_here = list(page.object_list)
    counts = count_people(kind, among=[entry.pk for entry in entries_here])
    page.object_list = [EntryRow(entry, people=counts.get(entry.pk, 0)) for entry in entries_here]
    return page


def _tree(*, text: str, closed: bool) -> list[EntryRow]:
    nodes = {entity.pk: _Node(entity) for entity in Entity.objects.select_related("merged_into")}
    roots: list[_Node] = []
    for node in nodes.values():
        above = nodes.get(node.entry.parent_id or 0)
        (above.children if above else roots).append(node)
    for pk, count in count_people(KINDS[0]).items():
        nodes[pk].people = count
    # Without recursion: nobody knows how deep a company goes. First down, then back up with the sums.
    ordered: list[tuple[_Node, int]] = []
    waiting = [(node, 0) for node in reversed(roots)]
    while waiting:
        node, depth = waiting.pop()
        ordered.append((node, depth))
        waiting += [(child, depth + 1) for child in reversed(node.children)]
    for node, _depth in reversed(ordered):
        node.below = node.people + sum(child.below for child in node.children)
    words = folded(text).split()[:8]
    return [
        EntryRow(node.entry, 0 if words else depth, node.people, node.below, _path(node.entry, nodes) if words else "")
        for node, depth in ordered
        if (closed or node.entry.is_open) and all(word in node.entry.search_text for word in words)
    ]


def _path(entity: Entity, nodes: Mapping[int, _Node]) -> str:
    """Return the path to `entity` from the top, or from `DEEPEST` levels above it."""
    way: list[str] = []
    above = nodes.get(entity.parent_id or 0)
    while above is not None and len(way) < DEEPEST:
        way.append(str(above.entry))
        above = nodes.get(above.entry.parent_id or 0)
    return " › ".join(reversed(way))


def get_entry(kind: Kind, entry_id: int) -> Any:
    """Return an entry of the directory, for staff. Raises NotThere."""
    related = ["merged_into", *(["parent"] if kind.is_tree else [])]
    return get_or_not_there(kind.model._default_manager.select_related(*related), pk=entry_id)


@dataclass(frozen=True, slots=True)
class Belongings:
    """What belongs to an entry: the open and closed accounts in it; for an entity also those in it and all below it, as the list
    of people finds them, and the open entities directly below it."""

    open_people: int
    closed_people: int
    open_below: int
    closed_below: int
    children: list[Entity]


def belongings_of(kind: Kind, entry: DirectoryEntry) -> Belongings:
    """Return what belongs to an entry. One query, four for an entity."""
    here = _accounts(kind, [entry.pk])
    if not isinstance(entry, Entity):
        return Belongings(*here, *here, children=[])
    below = _accounts(kind, entity_and_below(entry.pk))
    return Belongings(*here, *below, children=list(Entity.objects.filter(parent=entry.pk, closed_at=None)))


def _accounts(kind: Kind, entries: Iterable[int]) -> tuple[int, int]:
    people = User.objects.filter(**{f"{kind.person_field}__in": list(entries)})
    counted = people.aggregate(open=Count("pk", filter=Q(is_active=True)), closed=Count("pk", filter=Q(is_active=False)))
    return counted["open"], counted["closed"]


def entries_to_export(kind: Kind) -> list[list[str]]:
    """Return the open entries as rows of `kind.columns`, entities after what they belong to. One query."""
    if not kind.is_tree:
        entries = kind.model._default_manager.open()
        return [[str(getattr(entry, name)) for name in kind.columns] for entry in entries]
    rows = _tree(text="", closed=True)
    codes = {row.entry.pk: row.entry.code for row in rows}
    return [[row.entry.code, row.entry.name, codes.get(row.entry.parent_id, "")] for row in rows if row.entry.is_open]
