from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction

from apps.accounts import services
from apps.accounts.directory import KINDS, Kind
from apps.accounts.directory.files import read_entries
from apps.accounts.directory.model import DEEPEST
from apps.accounts.errors import AccountError
from apps.accounts.models import Department, Entity, JobRole, Site, User
from apps.accounts.queries import count_people, depth_of_entities, directory, entries_to_export, page_of_entries
from apps.core.models import AuditEntry
from tests.factories.accounts import DepartmentFactory, EntityFactory, JobRoleFactory, SiteFactory, UserFactory

pytestmark = pytest.mark.django_db

ENTITIES, DEPARTMENTS, SITES, JOBS = KINDS
FACTORIES: dict[Kind, Any] = {ENTITIES: EntityFactory, DEPARTMENTS: DepartmentFactory, SITES: SiteFactory, JOBS: JobRoleFactory}
every_kind = pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.code)


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


# Files ---------------------------------------------------------------------------------------------------------------------
def rows(text: str) -> list[tuple[int, list[str]]]:
    return [(number, line.split(";")) for number, line in enumerate(text.strip().split("\n"), start=1)]


def test_a_file_makes_and_changes_entities_wherever_they_stand_in_it(actor: User) -> None:
    EntityFactory(code="top", name="Old name")
    preview = read_entries(ENTITIES, rows("Code;Nom;Rattachement\nteam;Équipe;sante\nsante;Santé;TOP\ntop;New name;\n"))
    assert [line.code for line in preview.new] == ["team", "sante"]
    assert [line.changed for line in preview.changed] == [{"name": ("Old name", "New name")}]
    assert services.import_entries(kind=ENTITIES, preview=preview, actor=actor) == (2, 1)
    team = Entity.objects.get(code="team")
    assert team.parent is not None
    assert (team.parent.code, str(team.parent.parent)) == ("sante", "New name")
    again = read_entries(ENTITIES, rows("code;name;parent\nteam;Équipe;sante\n"))
    assert (again.unchanged, again.may_apply) == (1, False)


def test_one_name_stands_for_both_languages_until_there_are_two(actor: User) -> None:
    preview = read_entries(JOBS, rows("code;nom\nactuaire;Actuaire\n"))
    services.import_entries(kind=JOBS, preview=preview, actor=actor)
    job = JobRole.objects.get(code="actuaire")
    assert (job.name_fr, job.name_en) == ("Actuaire", "Actuaire")
    JobRole.objects.filter(pk=job.pk).update(name_en="Actuary")
    assert read_entries(JOBS, rows("code;nom\nactuaire;Actuaire\n")).unchanged == 1


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("code;name;parent\n;A;", "“code” is empty"),
        ("code;name;parent\nà b;A;", "A code is made of"),
        ("code;name;parent\n-;A;", "A code is made of"),
        ("code;name;parent\n-a;A;", "A code is made of"),
        ("code;name;parent\na;;", "“name” is empty"),
        ("code;name;parent\na;=1;", "formula"),
        ("code;name;parent\na;A;\nA;B;", "stands on line 2"),
        ("code;name;parent\na;A;nowhere", "no open entity “nowhere”"),
        ("code;name;parent\na;A;a", "would belong to itself"),
        (f"code;name;parent\na;{'x' * 121};", "too long"),
        ("code;name;parent\nclosed;A;", "closed. Open it first"),
        ("code;name;parent\na;Sant\ufffd;", "A letter on this line cannot be read"),
        ("code;name\na;A;closed", "more cells than columns"),
    ],
)
def test_a_bad_line_gets_its_reason_and_changes_nothing(text: str, reason: str, actor: User) -> None:
    services.close_entry(entry=EntityFactory(code="closed"), reason="x", actor=actor)
    preview = read_entries(ENTITIES, rows(text))
    assert reason in preview.errors[0].error
    with pytest.raises(AccountError):
        services.import_entries(kind=ENTITIES, preview=preview, actor=actor)
    assert Entity.objects.count() == 1


def test_columns_that_are_left_out_are_told_and_empty_cells_beyond_them_are_none() -> None:
    preview = read_entries(SITES, rows("code;Téléphone;name;city;;Note \ufffd\nx;\ufffd;X;Nantes;;;;"))
    assert (preview.left_out, preview.columns) == (["Téléphone", "Note \ufffd"], ["code", "name", "city"])
    assert [line.name for line in preview.new] == ["X"]


def test_a_circle_in_a_file_is_told_before_anything_happens() -> None:
    top = EntityFactory(code="top")
    EntityFactory(code="below", parent=top)
    preview = read_entries(ENTITIES, rows("code;name;parent\na;A;b\nb;B;a\nc;C;\ntop;Top;BELOW\nd;D;d"))
    assert [(line.code, line.error) for line in preview.errors] == [
        ("a", "This entity would belong to itself."),
        ("b", "This entity would belong to itself."),
        ("top", "This entity would belong to itself."),
        ("d", "This entity would belong to itself."),
    ]


def test_a_file_may_turn_a_tree_over(actor: User) -> None:
    top = EntityFactory(code="top", name="Top")
    EntityFactory(code="below", name="Below", parent=top)
    preview = read_entries(ENTITIES, rows("code;name;parent\ntop;Top;below\nbelow;Below;"))
    services.import_entries(kind=ENTITIES, preview=preview, actor=actor)
    top.refresh_from_db()
    assert top.parent == Entity.objects.get(code="below", parent=None)


# How deep the tree may be --------------------------------------------------------------------------------------------------
def chain(length: int, code: str = "e") -> list[Entity]:
    """Make entities each below the one before, from the top."""
    made = []
    for number in range(length):
        made.append(Entity(code=f"{code}{number}", name=f"{code}{number}", parent_id=made[-1].pk if made else None))
        made[-1].save()
    return made


def test_a_tree_has_so_many_levels_and_no_more(actor: User) -> None:
    deep, other = chain(DEEPEST), chain(2, "o")
    refused = [
        lambda: services.create_entry(kind=ENTITIES, values={"code": "x", "name": "X", "parent": deep[-1]}, actor=actor),
        lambda: services.change_entry(entry=other[0], values={"parent": deep[-2]}, actor=actor),
        lambda: services.merge_entry(entry=other[0], into=deep[-1], reason="x", actor=actor),
    ]
    for act in refused:
        with pytest.raises(AccountError, match="20 levels at most"):
            act()
    other[1].refresh_from_db()
    assert other[1].parent == other[0]
    assert not Entity.objects.filter(code="x").exists()
    services.change_entry(entry=other[0], values={"parent": deep[-3]}, actor=actor)


def test_a_file_that_would_be_too_deep_is_told_where() -> None:
    chain(DEEPEST)
    file = "code;name;parent\nfirst;A;e18\nsecond;B;first\ne0;e0;\nalone;C;"
    preview = read_entries(ENTITIES, rows(file))
    assert [(line.code, line.error) for line in preview.errors] == [("second", "Entities stand on 20 levels at most.")]
    moved = read_entries(ENTITIES, rows("code;name;parent\nhead;A;\ne0;e0;head"))
    assert [line.code for line in moved.errors] == ["e0"]


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
    file = "code;name;parent\n" + "\n".join(f"n{number};N;{f'n{number - 1}' if number else ''}" for number in range(2000))
    assert len(read_entries(ENTITIES, rows(file)).errors) == 2000 - DEEPEST


@pytest.mark.parametrize(
    ("text", "reason"), [("x;y\n1;2", "Missing: code"), ("code;name;name\na;b;c", "stands twice"), ("code;name", "nothing below")]
)
def test_a_file_that_is_no_such_list_gets_a_sentence(text: str, reason: str) -> None:
    with pytest.raises(AccountError, match=reason):
        read_entries(ENTITIES, rows(text))


@every_kind
def test_what_is_exported_can_be_imported(kind: Kind) -> None:
    FACTORIES[kind](code="one")
    if kind is ENTITIES:
        EntityFactory(code="below", parent=Entity.objects.get(code="one"))
    table = [kind.columns, *entries_to_export(kind)]
    preview = read_entries(kind, [(number, list(cells)) for number, cells in enumerate(table)])
    assert preview.unchanged == len(table) - 1 > 0


def test_counts_are_of_open_accounts() -> None:
    department: Department = DepartmentFactory()
    UserFactory(department=department)
    UserFactory(department=department, is_active=False)
    assert count_people(DEPARTMENTS) == {department.pk: 1}
    assert Site.objects.count() == 0
