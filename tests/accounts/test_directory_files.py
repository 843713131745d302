from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import pytest
from django.db import connection

from apps.accounts import services
from apps.accounts.directory import Kind
from apps.accounts.directory.files import EntryPreview, read_entries
from apps.accounts.directory.model import DEEPEST
from apps.accounts.errors import AccountError
from apps.accounts.models import Entity, JobRole, User
from apps.accounts.queries import entries_to_export
from apps.accounts.services import directory as directory_services
from tests.accounts.kinds import ENTITIES, FACTORIES, JOBS, SITES, every_kind
from tests.factories.accounts import EntityFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor() -> User:
    user: User = UserFactory()
    return user


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
        ("code;name;parent\na;A;\nA;B;", "is on line 2"),
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


@pytest.mark.parametrize(
    ("text", "reason"),
    [("x;y\n1;2", "Missing: code"), ("code;name;name\na;b;c", "appears twice"), ("code;name", "nothing below")],
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


def test_a_file_that_would_be_too_deep_is_told_where() -> None:
    above = None
    for number in range(DEEPEST):
        above = EntityFactory(code=f"e{number}", parent=above)
    file = "code;name;parent\nfirst;A;e18\nsecond;B;first\ne0;e0;\nalone;C;"
    preview = read_entries(ENTITIES, rows(file))
    assert [(line.code, line.error) for line in preview.errors] == [("second", "Entities have at most 20 levels.")]
    moved = read_entries(ENTITIES, rows("code;name;parent\nhead;A;\ne0;e0;head"))
    assert [line.code for line in moved.errors] == ["e0"]


def test_a_chain_of_thousands_is_told_line_by_line() -> None:
    file = "code;name;parent\n" + "\n".join(f"n{number};N;{f'n{number - 1}' if number else ''}" for number in range(2000))
    assert len(read_entries(ENTITIES, rows(file)).errors) == 2000 - DEEPEST


@pytest.mark.django_db(transaction=True)
def test_two_who_import_the_same_entries_the_other_way_round_wait_for_each_other(
    actor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for code in ("a", "b"):
        FACTORIES[JOBS](code=code)
    files = ["code;nom\na;First\nb;First\n", "code;nom\nb;Second\na;Second\n"]
    previews = [read_entries(JOBS, rows(file)) for file in files]
    both = threading.Barrier(2)
    change, done = directory_services._change, []

    def slowly(*args: Any) -> Any:
        changed = change(*args)
        with suppress(threading.BrokenBarrierError):
            both.wait(1)  # until the other one has changed its first entry too, if it comes that far
        return changed

    def take(preview: EntryPreview) -> None:
        try:
            done.append(services.import_entries(kind=JOBS, preview=preview, actor=actor))
        finally:
            connection.close()

    monkeypatch.setattr(directory_services, "_change", slowly)
    threads = [threading.Thread(target=take, args=[preview]) for preview in previews]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [(0, 2), (0, 2)]
    assert len({entry.name_fr for entry in JobRole.objects.all()}) == 1
