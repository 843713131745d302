from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.directory import Kind, kind_of
from apps.accounts.directory.files import EntryLine, EntryPreview, too_deep
from apps.accounts.directory.model import DEEPEST, DirectoryEntry
from apps.accounts.errors import AccountError
from apps.accounts.models import Entity, User
from apps.accounts.queries import depth_of_entities, entity_and_below
from apps.core import audit

BATCH = 1000


def _known_code() -> AccountError:
    return AccountError(_("Another entry has this code already."), field="code")


def _check_code(kind: Kind, code: str, *, but: DirectoryEntry | None = None) -> None:
    others = kind.model.objects.with_code(code)
    if (others.exclude(pk=but.pk) if but is not None else others).exists():
        raise _known_code()


def _locked(entry: DirectoryEntry) -> Any:
    """Return `entry` as it is now, locked until the transaction ends; an entity with the whole tree, so that two moves queue."""
    if isinstance(entry, Entity):
        _hold_list(Entity)
    return type(entry)._default_manager.select_for_update().get(pk=entry.pk)


def _hold_list(model: type[DirectoryEntry]) -> None:
    """Hold every entry of a list until the transaction ends, always in the same order: two who do so wait for each other."""
    list(model._default_manager.select_for_update().order_by("pk").values_list("pk"))


def _check_parent(entity: Entity, parent: Entity | None) -> None:
    """Raise AccountError if `entity` would end up belonging to itself, or to a closed entity. The tree is locked."""
    if parent is None:
        return
    if not Entity.objects.filter(pk=parent.pk, closed_at=None).exists():
        raise AccountError(_("“%(name)s” is closed: nothing can be put below it.") % {"name": parent}, field="parent")
    if parent.pk in entity_and_below(entity.pk):
        raise AccountError(_("“%(name)s” belongs to this entity: it cannot stand above it.") % {"name": parent}, field="parent")


@contextmanager
def _bounded_depth(kind: Kind, field: str = "") -> Iterator[None]:
    """Refuse to put entities on more levels than allowed; a tree that was deeper before can still be made flatter."""
    if not kind.is_tree:
        yield
        return
    before = depth_of_entities()
    yield
    if depth_of_entities() > max(before, DEEPEST):
        raise AccountError(too_deep(), field=field)


def _shown(value: Any) -> str:
    return value.code if isinstance(value, DirectoryEntry) else str(value or "")


def _target(entry: DirectoryEntry) -> dict[str, Any]:
    return {"kind": kind_of(entry).code, "code": entry.code}


def _require_reason(reason: str) -> str:
    if not reason.strip():
        raise AccountError(_("Say why: it is kept in the audit trail."), field="reason")
    return reason.strip()


@transaction.atomic
def create_entry(*, kind: Kind, values: Mapping[str, Any], actor: User) -> Any:
    """Create an entry of the directory from the fields of its model; return it. Writes an audit entry.

    Raises AccountError when the code is taken, ignoring case, the entity above is closed, or the tree would be too deep.
    """
    with _bounded_depth(kind, "parent"):
        return _create(kind, values, actor)


def _create(kind: Kind, values: Mapping[str, Any], actor: User) -> Any:
    entry: Any = kind.model(**values)
    _check_code(kind, entry.code)
    if isinstance(entry, Entity) and entry.parent is not None and not entry.parent.is_open:
        raise AccountError(_("“%(name)s” is closed: nothing can be put below it.") % {"name": entry.parent}, field="parent")
    try:
        with transaction.atomic():
            entry.save(force_insert=True)
    except IntegrityError:
        raise _known_code() from None
    audit.record(actor=actor, action="accounts.create_entry", target=entry, details=_target(entry))
    return entry


@transaction.atomic
def change_entry(*, entry: DirectoryEntry, values: Mapping[str, Any], actor: User) -> Any:
    """Change the code or names of an entry, or what an entity belongs to; return it. People stay where they are.

    Writes an audit entry with old and new values, if anything changed. Raises AccountError when the code is taken, the entity
    would end up belonging to itself, or the tree would be too deep.
    """
    with _bounded_depth(kind_of(entry), "parent"):
        return _change(entry, values, actor)


def _change(entry: DirectoryEntry, values: Mapping[str, Any], actor: User) -> Any:
    entry = _locked(entry)
    changed = {name: value for name, value in values.items() if getattr(entry, name) != value}
    if not changed:
        return entry
    if "code" in changed:
        _check_code(kind_of(entry), changed["code"], but=entry)
    if isinstance(entry, Entity) and "parent" in changed:
        _check_parent(entry, changed["parent"])
    details = {name: [_shown(getattr(entry, name)), _shown(value)] for name, value in changed.items()}
    for name, value in changed.items():
        setattr(entry, name, value)
    try:
        with transaction.atomic():
            entry.save(update_fields=list(changed))
    except IntegrityError:
        raise _known_code() from None
    audit.record(actor=actor, action="accounts.change_entry", target=entry, details={**_target(entry), "changes": details})
    return entry


@transaction.atomic
def close_entry(*, entry: DirectoryEntry, reason: str, actor: User) -> None:
    """Close an entry: nobody can be put there any more, and whoever is there stays. Writes an audit entry.

    Raises AccountError without a reason, or for an entity to which open ones belong. Closing it twice changes nothing.
    """
    reason = _require_reason(reason)
    entry = _locked(entry)
    if not entry.is_open:
        return
    if isinstance(entry, Entity) and Entity.objects.filter(parent=entry, closed_at=None).exists():
        raise AccountError(_("Open entities belong to this one. Move, merge or close them first."), field="reason")
    entry.closed_at = timezone.now()
    entry.save(update_fields=["closed_at"])
    audit.record(actor=actor, action="accounts.close_entry", target=entry, reason=reason, details=_target(entry))


@transaction.atomic
def reopen_entry(*, entry: DirectoryEntry, actor: User) -> None:
    """Reopen a closed entry. What a merge took away does not come back by itself. Writes an audit entry.

    Raises AccountError for an entity below a closed one.
    """
    entry = _locked(entry)
    if entry.is_open:
        return
    if isinstance(entry, Entity) and entry.parent is not None and not entry.parent.is_open:
        raise AccountError(_("It belongs to “%(name)s”, which is closed. Open that one first.") % {"name": entry.parent})
    details = _target(entry) | ({"merged_into": entry.merged_into.code} if entry.merged_into else {})
    entry.closed_at, entry.merged_into = None, None
    entry.save(update_fields=["closed_at", "merged_into"])
    audit.record(actor=actor, action="accounts.reopen_entry", target=entry, details=details)


@transaction.atomic
def merge_entry(*, entry: DirectoryEntry, into: DirectoryEntry, reason: str, actor: User) -> int:
    """Move everybody of `entry`, closed accounts too, and the entities below it, to `into`, then close it; return how many people
    moved.

    The old code means `into` from now on, in files and in what the company's sign-in says. Everything else that names the old
    entry keeps naming it. Writes an audit entry for the merge and one for each person and each entity that moves. Raises
    AccountError without a reason, for a closed entry, for itself, for an entity below it, or if the tree would be too deep.
    """
    reason = _require_reason(reason)
    kind = kind_of(entry)
    if type(into) is not type(entry) or into.pk == entry.pk:
        raise AccountError(_("Choose another entry of the same list."), field="into")
    # The one with the lower key first: two merges in opposite directions must queue.
    first, second = sorted([entry, into], key=lambda each: each.pk)
    locked = {each.pk: each for each in (_locked(first), _locked(second))}
    entry, into = locked[entry.pk], locked[into.pk]
    if not entry.is_open or not into.is_open:
        raise AccountError(_("One of the two was closed meanwhile."), field="into")
    if isinstance(entry, Entity):
        assert isinstance(into, Entity)
        if into.pk in entity_and_below(entry.pk):
            raise AccountError(_("“%(name)s” belongs to this entity. Move it elsewhere first.") % {"name": into}, field="into")
        with _bounded_depth(kind, "into"):
            _move_children(entry, into, reason=reason, actor=actor)
    moved = _move_people(kind, entry, into, reason=reason, actor=actor)
    rows: Any = kind.model._default_manager  # the type checker does not know which list it is: it must not look for its columns
    rows.filter(merged_into=entry).update(merged_into=into)
    entry.closed_at, entry.merged_into = timezone.now(), into
    entry.save(update_fields=["closed_at", "merged_into"])
    audit.record(
        actor=actor,
        action="accounts.merge_entry",
        target=entry,
        reason=reason,
        details={**_target(entry), "into": into.code, "people": moved},
    )
    return moved


def _move_children(entry: Entity, into: Entity, *, reason: str, actor: User) -> None:
    children = Entity.objects.filter(parent=entry)
    changes = {"parent": [entry.code, into.code]}
    audit.record_many(
        audit.Event(
            actor=actor,
            action="accounts.change_entry",
            target=child,
            reason=reason,
            details={**_target(child), "changes": changes},
        )
        for child in children.only("code").order_by("pk")
    )
    children.update(parent=into)


def _move_people(kind: Kind, entry: DirectoryEntry, into: DirectoryEntry, *, reason: str, actor: User) -> int:
    people = User.objects.filter(**{kind.person_field: entry.pk})
    details = {"fields": [kind.person_field], "changes": {kind.person_field: [entry.code, into.code]}}
    moved = audit.record_many(
        audit.Event(actor=actor, action="accounts.update_person", target=person, subject=person, reason=reason, details=details)
        for person in people.only("pk").order_by("pk").iterator(chunk_size=BATCH)
    )
    people.update(**{kind.person_field: into.pk})
    return moved


@transaction.atomic
def import_entries(*, kind: Kind, preview: EntryPreview, actor: User) -> tuple[int, int]:
    """Create and change the entries of a previewed file; return how many are new and changed. All or nothing.

    Writes an audit entry for each and one for the file. Nothing is closed. Raises AccountError.
    """
    if preview.errors:
        raise AccountError(_("Some lines cannot be taken: nothing was changed."))
    made: dict[str, Any] = {}

    def parent_of(line: EntryLine) -> dict[str, Any]:
        if "parent" not in line.values:
            return {}
        code = line.values["parent"].casefold()
        known = made.get(code) or Entity.objects.open().with_code(code).first()
        if code and known is None:
            raise AccountError(_("Line %(line)s: there is no open entity “%(code)s”.") % {"line": line.number, "code": code})
        return {"parent": known}

    _hold_list(kind.model)
    with _bounded_depth(kind):
        for line in _parents_first([*preview.new, *preview.changed]):
            if line.entry is None:
                values = {**line.values, "code": line.code, **parent_of(line)}
                made[line.code.casefold()] = _create(kind, values, actor)
            else:
                _change(line.entry, {**line.values, **parent_of(line)}, actor)
    new = len(preview.new)
    changed = len(preview.changed)
    audit.record(
        actor=actor,
        action="accounts.import_entries",
        target=f"accounts.Directory:{kind.code}",
        details={"new": new, "changed": changed},
    )
    return new, changed


def _parents_first(lines: Sequence[EntryLine]) -> list[EntryLine]:
    """Return `lines`, none of which belongs to itself, so that each comes after the one it belongs to."""
    by_code = {line.code.casefold(): line for line in lines}
    ordered: dict[str, EntryLine] = {}
    for line in lines:
        way: list[EntryLine] = []
        here: EntryLine | None = line
        while here is not None and here.code.casefold() not in ordered:
            way.append(here)
            here = by_code.get(here.values.get("parent", "").casefold())
        for each in reversed(way):
            ordered[each.code.casefold()] = each
    return list(ordered.values())
