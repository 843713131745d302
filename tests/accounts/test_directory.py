from __future__ import annotations

import importlib
from collections.abc import Callable

import pytest
from django.apps import apps
from django.db import IntegrityError, connection, transaction
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.accounts import services
from apps.accounts.directory import Kind
from apps.accounts.directory.model import DEEPEST
from apps.accounts.errors import AccountError
from apps.accounts.models import Department, Entity, Site, User
from apps.accounts.queries import count_people, depth_of_entities, directory, entries_to_export, page_of_entries
from apps.core.models import AuditEntry
from tests.accounts.kinds import DEPARTMENTS, ENTITIES, FACTORIES, JOBS, SITES, every_kind
from tests.factories.accounts import DepartmentFactory, EntityFactory, SiteFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> User:
    user: User = UserFactory()
    return user


def told() -> AuditEntry:
    return AuditEntry.objects.latest("pk")


# Making and changing -----------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("kind", "values"),
    [
        (ENTITIES, {"code": "sante", "name": "Alcyon Santé"}),
        (DEPARTMENTS, {"code": "sinistres", "name_fr": "Sinistres", "name_en": "Claims"}),
        (SITES, {"code": "nantes", "name": "Erdre", "city": "Nantes"}),
        (JOBS, {"code": "actuaire", "name_fr": "Actuaire", "name_en": "Actuary"}),
    ],
    ids=lambda value: value.code if isinstance(value, Kind) else "",
)
def test_each_list_takes_an_entry(kind: Kind, values: dict[str, str], actor: User) -> None:
    entry = services.create_entry(kind=kind, values=values, actor=actor)
    assert entry.is_open
    assert [row.entry for row in page_of_entries(kind, text=values["code"].upper()).object_list] == [entry]
    assert told().action == "accounts.create_entry"
    assert told().details == {"kind": kind.code, "code": values["code"]}


@every_kind
def test_a_code_is_taken_in_whatever_capitals(kind: Kind, actor: User) -> None:
    FACTORIES[kind](code="Sante")
    with pytest.raises(AccountError, match="code already") as refused:
        services.create_entry(kind=kind, values={"code": "sante"}, actor=actor)
    assert refused.value.field == "code"


def test_what_changes_is_told_with_what_was(actor: User) -> None:
    site = SiteFactory(code="lyon", name="Part-Dieu", city="Lyon")
    services.change_entry(entry=site, values={"code": "lyon", "name": "Confluence", "city": "Lyon"}, actor=actor)
    assert told().details == {"kind": "sites", "code": "lyon", "changes": {"name": ["Part-Dieu", "Confluence"]}}
    count = AuditEntry.objects.count()
    services.change_entry(entry=site, values={"name": "Confluence"}, actor=actor)
    assert AuditEntry.objects.count() == count


# The tree ----------------------------------------------------------------------------------------------------------------
def test_an_entity_moves_with_all_that_belongs_to_it(actor: User) -> None:
    group, sante, life = EntityFactory(name="A"), EntityFactory(name="B"), EntityFactory(name="C")
    team = EntityFactory(name="D", parent=sante)
    services.change_entry(entry=sante, values={"parent": life}, actor=actor)
    rows = [(row.entry.name, row.depth) for row in page_of_entries(ENTITIES).object_list]
    assert rows == [("A", 0), ("C", 0), ("B", 1), ("D", 2)]
    assert told().details["changes"] == {"parent": ["", life.code]}
    assert group.parent is None
    assert team.parent == sante


@pytest.mark.parametrize("depth", [1, 2, 3])
def test_no_entity_comes_to_stand_below_itself(depth: int, actor: User) -> None:
    top = lowest = EntityFactory.create()
    for _level in range(depth):
        lowest = EntityFactory(parent=lowest)
    with pytest.raises(AccountError, match="cannot stand above it"):
        services.change_entry(entry=top, values={"parent": lowest}, actor=actor)
    with pytest.raises(AccountError, match="Move it elsewhere first"):
        services.merge_entry(entry=top, into=lowest, reason="x", actor=actor)
    top.refresh_from_db()
    assert top.parent is None


def test_the_database_refuses_the_shortest_circle() -> None:
    entity = EntityFactory.create()
    with pytest.raises(IntegrityError), transaction.atomic():
        Entity.objects.filter(pk=entity.pk).update(parent=entity.pk)


def test_nothing_is_put_below_what_is_closed(actor: User) -> None:
    closed, entity = EntityFactory.create(), EntityFactory.create()
    services.close_entry(entry=closed, reason="Sold", actor=actor)
    closed.refresh_from_db()
    with pytest.raises(AccountError, match="is closed"):
        services.change_entry(entry=entity, values={"parent": closed}, actor=actor)
    with pytest.raises(AccountError, match="is closed"):
        services.create_entry(kind=ENTITIES, values={"code": "new", "name": "New", "parent": closed}, actor=actor)


def test_sums_go_up_the_tree() -> None:
    top = EntityFactory(name="A")
    below = EntityFactory(name="B", parent=top)
    UserFactory(entity=top)
    UserFactory.create_batch(2, entity=below)
    UserFactory(entity=below, is_active=False)
    rows = [(row.entry, row.people, row.below) for row in page_of_entries(ENTITIES).object_list]
    assert rows == [(top, 1, 3), (below, 2, 2)]
    [found] = page_of_entries(ENTITIES, text="b").object_list[-1:]
    assert found.path == "A"


# Closing, merging, opening again -------------------------------------------------------------------------------------------
@every_kind
def test_closing_leaves_people_where_they_are(kind: Kind, actor: User) -> None:
    entry = FACTORIES[kind](code="old")
    person = UserFactory(**{kind.person_field: entry})
    services.close_entry(entry=entry, reason=" Moved house ", actor=actor)
    person.refresh_from_db()
    assert getattr(person, kind.person_field) == entry
    assert (told().action, told().reason) == ("accounts.close_entry", "Moved house")
    assert directory().find(kind.column, "old") is None
    assert directory().is_closed(kind.column, "OLD")
    assert not page_of_entries(kind).object_list
    assert [row.entry for row in page_of_entries(kind, closed=True).object_list] == [entry]
    services.reopen_entry(entry=entry, actor=actor)
    assert directory().find(kind.column, "Old") == entry


@every_kind
def test_merging_loses_nobody_and_keeps_the_code_alive(kind: Kind, actor: User) -> None:
    entry, into = FACTORIES[kind](code="old"), FACTORIES[kind](code="new")
    people = [UserFactory(**{kind.person_field: entry}), UserFactory(is_active=False, **{kind.person_field: entry})]
    assert services.merge_entry(entry=entry, into=into, reason="One team", actor=actor) == 2
    for person in people:
        person.refresh_from_db()
        assert getattr(person, kind.person_field) == into
    assert directory().find(kind.column, "old") == into
    assert (told().action, told().details) == (
        "accounts.merge_entry",
        {"kind": kind.code, "code": "old", "into": "new", "people": 2},
    )
    moves = AuditEntry.objects.filter(action="accounts.update_person")
    assert {(move.reason, str(move.details["changes"])) for move in moves} == {
        ("One team", f"{{'{kind.person_field}': ['old', 'new']}}")
    }
    assert moves.count() == 2


def test_merging_again_follows_through(actor: User) -> None:
    first, second, third = SiteFactory(code="a"), SiteFactory(code="b"), SiteFactory(code="c")
    services.merge_entry(entry=first, into=second, reason="x", actor=actor)
    services.merge_entry(entry=second, into=third, reason="x", actor=actor)
    assert directory().find("site", "a") == third
    with pytest.raises(AccountError, match="closed meanwhile"):
        services.merge_entry(entry=third, into=second, reason="x", actor=actor)


def test_merging_entities_moves_what_is_below(actor: User) -> None:
    old, new = EntityFactory.create(), EntityFactory.create()
    child = EntityFactory(parent=old)
    services.merge_entry(entry=old, into=new, reason="One team", actor=actor)
    child.refresh_from_db()
    assert child.parent == new
    moved = AuditEntry.objects.get(action="accounts.change_entry")
    assert (moved.target, moved.reason) == (f"accounts.Entity:{child.pk}", "One team")
    assert moved.details == {"kind": "entities", "code": child.code, "changes": {"parent": [old.code, new.code]}}


def test_the_company_s_sign_in_reads_only_what_it_names(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    sites = SiteFactory.create_batch(3)
    person = UserFactory(site=sites[0])
    with django_assert_num_queries(7):  # two savepoints and their ends, the site, the person, where they are
        services.update_from_directory(user=person, codes={"site": sites[0].code.upper()})


@pytest.mark.parametrize("reason", ["", "  "])
def test_closing_and_merging_need_a_reason(reason: str, actor: User) -> None:
    site, other = SiteFactory.create(), SiteFactory.create()
    for refused in (
        lambda: services.close_entry(entry=site, reason=reason, actor=actor),
        lambda: services.merge_entry(entry=site, into=other, reason=reason, actor=actor),
    ):
        with pytest.raises(AccountError, match="Say why"):
            refused()


def test_an_entity_closes_from_below_and_opens_from_above(actor: User) -> None:
    top = EntityFactory.create()
    below = EntityFactory(parent=top)
    with pytest.raises(AccountError, match="Open entities belong"):
        services.close_entry(entry=top, reason="x", actor=actor)
    services.close_entry(entry=below, reason="x", actor=actor)
    services.close_entry(entry=top, reason="x", actor=actor)
    below.refresh_from_db()
    with pytest.raises(AccountError, match="Open that one first"):
        services.reopen_entry(entry=below, actor=actor)


def test_the_company_s_sign_in_follows_a_merge_and_leaves_out_what_is_closed(actor: User) -> None:
    old, new, closed = EntityFactory(code="old"), EntityFactory(code="new"), SiteFactory(code="gone")
    site = SiteFactory(code="here")
    person = UserFactory(site=site)
    services.merge_entry(entry=old, into=new, reason="x", actor=actor)
    services.close_entry(entry=closed, reason="x", actor=actor)
    services.update_from_directory(user=person, codes={"entity": "OLD", "site": "gone", "job": "nonsense"})
    person.refresh_from_db()
    assert (person.entity, person.site, person.job_role) == (new, site, None)
    assert told().details == {"fields": ["entity"], "changes": {"entity": ["", "new"]}}


# Codes from before --------------------------------------------------------------------------------------------------------
MIGRATION = importlib.import_module("apps.accounts.migrations.0007_codes_in_any_case")


@every_kind
def test_the_database_keeps_codes_apart_in_any_case(kind: Kind) -> None:
    FACTORIES[kind](code="Nantes")
    with pytest.raises(IntegrityError), transaction.atomic():
        FACTORIES[kind](code="nANTES")


@every_kind
def test_a_later_double_gets_a_code_that_says_so_and_keeps_its_people(kind: Kind, caplog: pytest.LogCaptureFixture) -> None:
    table = kind.model._meta.db_table
    with connection.cursor() as cursor:
        cursor.execute(f"DROP INDEX {table}_code_any_case")
    long = "x" * 50
    codes = ["nantes", "NANTES", "Nantes-Double", "Nantes", "other", long, long.upper()]
    entries = [FACTORIES[kind](code=code) for code in codes]
    person = UserFactory(**{kind.person_field: entries[1]})
    connection.check_constraints()  # on PostgreSQL no table is altered before
    MIGRATION.tell_doubles_apart(apps, None)
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE UNIQUE INDEX {table}_code_any_case ON {table} (LOWER(code))")
    for entry in entries:
        entry.refresh_from_db()
    assert [entry.code for entry in entries] == [
        "nantes",
        "NANTES-double-2",
        "Nantes-Double",
        "Nantes-double-3",
        "other",
        long,
        f"{'X' * 43}-double",
    ]
    person.refresh_from_db()
    assert getattr(person, kind.person_field) == entries[1]
    assert "have the code NANTES" in caplog.text
    assert page_of_entries(kind, text="nantes-double-2").object_list[0].entry == entries[1]


def test_counts_are_of_open_accounts() -> None:
    department: Department = DepartmentFactory()
    UserFactory(department=department)
    UserFactory(department=department, is_active=False)
    assert count_people(DEPARTMENTS) == {department.pk: 1}
    assert Site.objects.count() == 0


# How deep the tree may be --------------------------------------------------------------------------------------------------
def chain(length: int, code: str = "e") -> list[Entity]:
    """Create entities each below the one before, from the top."""
    made: list[Entity] = []
    for number in range(length):
        made.append(Entity(code=f"{code}{number}", name=f"{code}{number}", parent_id=made[-1].pk if made else None))
        made[-1].save()
    return made


def test_a_tree_has_so_many_levels_and_no_more(actor: User) -> None:
    deep, other = chain(DEEPEST), chain(2, "o")
    refused: list[Callable[[], object]] = [
        lambda: services.create_entry(kind=ENTITIES, values={"code": "x", "name": "X", "parent": deep[-1]}, actor=actor),
        lambda: services.change_entry(entry=other[0], values={"parent": deep[-2]}, actor=actor),
        lambda: services.merge_entry(entry=other[0], into=deep[-1], reason="x", actor=actor),
    ]
    for act in refused:
        with pytest.raises(AccountError, match="at most 20 levels"):
            act()
    other[1].refresh_from_db()
    assert other[1].parent == other[0]
    assert not Entity.objects.filter(code="x").exists()
    services.change_entry(entry=other[0], values={"parent": deep[-3]}, actor=actor)


def test_a_chain_of_thousands_from_before_shows_and_can_be_made_flatter(actor: User) -> None:
    entries = [Entity(pk=number, code=f"e{number}", name=f"E{number}", parent_id=number - 1 or None) for number in range(1, 3001)]
    for entry in entries:
        entry.fold()
    Entity.objects.bulk_create(entries)
    assert page_of_entries(ENTITIES, number=60).object_list[-1].indent == 6
    assert page_of_entries(ENTITIES, text="e3000").object_list[0].path.count("›") == DEEPEST - 1
    assert len(entries_to_export(ENTITIES)) == 3000
    services.change_entry(entry=entries[-1], values={"parent": entries[0]}, actor=actor)
    services.change_entry(entry=entries[1500], values={"parent": None}, actor=actor)
    assert depth_of_entities() == 1500
