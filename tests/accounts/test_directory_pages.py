from __future__ import annotations

import csv
import html
import io
import re
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from openpyxl import load_workbook
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.accounts.directory import Kind
from apps.accounts.models import Department, Entity, JobRole, Site, User
from apps.accounts.services import close_entry, merge_entry
from apps.core.text import visible
from tests.accounts.kinds import FACTORIES, every_kind
from tests.factories.accounts import DepartmentFactory, EntityFactory, SiteFactory, UserFactory
from tests.pages import markup

pytestmark = pytest.mark.django_db

LIST = "/staff/people/directory/"


@pytest.fixture
def staff() -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(UserFactory(permissions=["accounts.see_people", "accounts.manage_people", "accounts.manage_directory"]))
    return client


def test_managing_people_is_not_managing_the_directory() -> None:
    client = Client()
    client.force_login(UserFactory(permissions=["accounts.see_people", "accounts.manage_people"]))
    entity = EntityFactory.create()
    for page in ("", "entities/new/", f"entities/{entity.pk}/", "entities/import/", "entities/export.csv"):
        assert client.get(LIST + page).status_code == 403
    assert client.post(f"{LIST}entities/{entity.pk}/close/", {"close-reason": "x"}).status_code == 403


@every_kind
@pytest.mark.parametrize("count", [0, 1, 3])
def test_a_list_takes_as_many_questions_whatever_it_holds(
    kind: Kind, count: int, staff: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for entry in FACTORIES[kind].create_batch(count):
        UserFactory(**{kind.person_field: entry})
    staff.get("/staff/people/rules/")
    with django_assert_num_queries(11 if kind.is_tree else 12 if count else 10):
        page = staff.get(f"{LIST}?kind={kind.code}").content.decode()
    assert ("Nothing here yet" in page) == (count == 0)


def test_a_long_tree_has_pages(staff: Client) -> None:
    entries = [Entity(code=f"e{number}", name=f"E{number:05}") for number in range(10_000)]
    for entry in entries:
        entry.fold()
    Entity.objects.bulk_create(entries)
    page = staff.get(f"{LIST}?page=200").content.decode()
    assert "E09999" in page
    assert "10000 entries" in page
    found = staff.get(f"{LIST}?q=e9999").content.decode()
    assert "1 entry" in found
    form = staff.get(f"{LIST}entities/new/").content.decode()
    assert len(form) < 100_000, "A list of ten thousand is not a choice."
    assert staff.post(f"{LIST}entities/new/", {"code": "x", "name": "X", "parent": "e42"}).status_code == 302
    assert Entity.objects.get(code="x").parent == Entity.objects.get(code="e42")


def test_an_entry_is_made_changed_closed_and_opened(staff: Client) -> None:
    made = staff.post(f"{LIST}jobs/new/", {"code": "actuary", "name_fr": "Actuaire", "name_en": "Actuary"})
    job = JobRole.objects.get()
    assert made["Location"] == f"{LIST}jobs/{job.pk}/"
    staff.post(made["Location"], {"code": "actuary", "name_fr": "Actuaire", "name_en": "Risk actuary"})
    job.refresh_from_db()
    assert job.name_en == "Risk actuary"
    refused = staff.post(f"{LIST}jobs/{job.pk}/close/", {"close-reason": ""})
    assert refused.status_code == 422
    assert "Say why" in refused.content.decode()
    page = staff.post(f"{LIST}jobs/{job.pk}/close/", {"close-reason": "Gone"}, follow=True).content.decode()
    assert "nobody can be put there any more" in page
    staff.post(f"{LIST}jobs/{job.pk}/open/")
    job.refresh_from_db()
    assert job.is_open


def test_a_code_that_is_taken_is_told_beside_its_field(staff: Client) -> None:
    SiteFactory(code="nantes")
    page = staff.post(f"{LIST}sites/new/", {"code": "Nantes", "name": "Erdre", "city": "Nantes"})
    assert page.status_code == 422
    assert "Another entry has this code already." in page.content.decode()


def test_merging_from_the_page(staff: Client) -> None:
    old, new = DepartmentFactory(code="old"), DepartmentFactory(code="new")
    person = UserFactory(department=old)
    page = staff.post(f"{LIST}departments/{old.pk}/merge/", {"merge-into": "new", "merge-reason": "One team"}, follow=True)
    assert "1 person moved" in page.content.decode()
    person.refresh_from_db()
    assert person.department == new
    assert "Merged into" in staff.get(f"{LIST}departments/{old.pk}/").content.decode()


def test_the_figures_of_an_entity_are_those_of_the_lists_behind_them(staff: Client, person: User) -> None:
    top, gone = EntityFactory(name="Top"), EntityFactory(name="Gone")
    below = EntityFactory(parent=top)
    UserFactory(entity=top)
    UserFactory.create_batch(2, entity=below)
    UserFactory.create_batch(3, entity=gone)
    UserFactory.create_batch(4, entity=below, is_active=False)
    merge_entry(entry=gone, into=top, reason="x", actor=person)
    close_entry(entry=below, reason="x", actor=person)
    page = markup(staff.get(f"{LIST}entities/{top.pk}/"))
    for state, count in (("active", 6), ("closed", 4)):
        link = f"/staff/people/?entity={top.pk}&amp;state={state}"
        assert f'<a href="{link}">{count}</a>' in page
        assert staff.get(html.unescape(link)).context["page"].paginator.count == count
    assert f"?entity={gone.pk}" not in staff.get(f"{LIST}entities/{gone.pk}/").content.decode()


def test_the_list_of_people_knows_closed_and_merged_entities(staff: Client, person: User) -> None:
    into, gone, closed = EntityFactory(name="Into"), EntityFactory(name="Gone"), EntityFactory(name="Shut")
    UserFactory(entity=gone)
    UserFactory(entity=closed)
    merge_entry(entry=gone, into=into, reason="x", actor=person)
    close_entry(entry=closed, reason="x", actor=person)
    for entity in (into, gone, closed):
        page = staff.get(f"/staff/people/?entity={entity.pk}")
        assert page.context["page"].paginator.count == 1
    assert "Gone (merged into Into)" in page.content.decode()
    assert "Shut (closed)" in page.content.decode()


@every_kind
def test_the_page_of_an_entry_takes_as_many_questions_whoever_is_there(
    kind: Kind, staff: Client, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    entry = FACTORIES[kind].create()
    staff.get("/staff/people/rules/")
    for count in (0, 3):
        for number in range(count):
            UserFactory(is_active=number > 0, **{kind.person_field: entry})
            if kind.is_tree:
                EntityFactory(parent=entry)
        with django_assert_num_queries(13 if kind.is_tree else 8):
            staff.get(f"{LIST}{kind.code}/{entry.pk}/")


def test_what_is_closed_cannot_be_chosen_but_kept(staff: Client, person: User) -> None:
    entity, other = EntityFactory(name="Closed one"), EntityFactory(name="Open one")
    User.objects.filter(pk=person.pk).update(entity=entity)
    close_entry(entry=entity, reason="x", actor=person)
    own = staff.get(f"/staff/people/{person.pk}/edit/").content.decode()
    assert "Closed one" in own
    assert "Closed one" not in staff.get("/staff/people/new/").content.decode()
    data = {"first_name": "A", "last_name": "B", "email": "a@alcyon.example", "entity": entity.pk}
    assert staff.post("/staff/people/new/", data).status_code == 422
    assert staff.post(f"/staff/people/{person.pk}/edit/", data).status_code == 302
    assert "Closed one" in staff.get(f"/staff/people/{person.pk}/").content.decode()
    assert other.is_open


@every_kind
def test_files_go_out_in_both_forms(kind: Kind, staff: Client) -> None:
    FACTORIES[kind](code="one")
    text = staff.get(f"{LIST}{kind.code}/export.csv").content.decode("utf-8-sig")
    book = load_workbook(io.BytesIO(staff.get(f"{LIST}{kind.code}/export.xlsx").content))
    first, second = list(book.worksheets[0].iter_rows(values_only=True))
    assert text.splitlines()[0] == ",".join(kind.columns)
    assert first == kind.columns
    assert second[0] == "one"
    assert staff.get(f"{LIST}{kind.code}/export.pdf").status_code == 404


def test_looking_at_a_file_changes_nothing_then_applying_does(staff: Client) -> None:
    file = SimpleUploadedFile("sites.csv", b"code,name,city\nnantes,Erdre,Nantes\n")
    page = staff.post(f"{LIST}sites/import/", {"file": file})
    assert "Erdre" in page.content.decode()
    assert not Site.objects.exists()
    staff.post(f"{LIST}sites/import/apply/", shown(page))
    assert Site.objects.get().city == "Nantes"


def test_a_preview_tells_what_it_leaves_out(staff: Client) -> None:
    file = SimpleUploadedFile("sites.csv", "code;name;city;Téléphone <b>\nx;X;Y;1\n".encode())
    page = staff.post(f"{LIST}sites/import/", {"file": file}).content.decode()
    assert "A column of the file is left out" in page
    assert "Téléphone &lt;b&gt;." in page


def shown(page: Any) -> dict[str, str]:
    """Return what the page of a preview sends back."""
    return {name: hidden_value(page, name) for name in ("rows", "seen")}


def hidden_value(page: Any, name: str) -> str:
    found = re.search(rf'name="{name}"\s+value="([^"]*)"', page.content.decode())
    assert found
    return html.unescape(found[1])


@pytest.mark.parametrize("name", ["'a", '"a" ; b', "a,b|c", "l’été\u00a0", "\\", "a < b & c"])
def test_what_is_applied_is_what_was_shown_to_the_letter(name: str, staff: Client) -> None:
    written = io.StringIO()
    csv.writer(written).writerows([["", ""], ["code", "name", "city"], ["x", name, "'Nantes"]])
    page = staff.post(f"{LIST}sites/import/", {"file": SimpleUploadedFile("sites.csv", written.getvalue().encode())})
    assert staff.post(f"{LIST}sites/import/apply/", shown(page)).status_code == 302
    assert (Site.objects.get().name, Site.objects.get().city) == (visible(name), "'Nantes")


def test_a_file_is_looked_at_again_where_it_would_do_something_else_by_now(staff: Client) -> None:
    file = SimpleUploadedFile("sites.csv", b"code,name,city\nnantes,Erdre,Nantes\n")
    data = shown(staff.post(f"{LIST}sites/import/", {"file": file}))
    SiteFactory(code="nantes", name="Loire", city="Nantes")
    again = staff.post(f"{LIST}sites/import/apply/", data)
    assert again.status_code == 422
    assert "The directory was changed since you looked" in again.content.decode()
    assert "name: Loire → Erdre" in again.content.decode()
    assert Site.objects.get().name == "Loire"
    assert staff.post(f"{LIST}sites/import/apply/", shown(again)).status_code == 302
    assert Site.objects.get().name == "Erdre"


@pytest.mark.parametrize("rows", ["", "x", "[]", "{}", '[["a", []]]', "[" * 5000, '[[1, ["code"]]]'])
def test_what_no_preview_wrote_changes_nothing_and_says_so(rows: str, staff: Client) -> None:
    page = staff.post(f"{LIST}sites/import/apply/", {"rows": rows, "seen": ""}, follow=True).content.decode()
    assert any(words in page for words in ("The lines of the file did not arrive", "Missing: name", "holds nothing below"))
    assert not Site.objects.exists()


@pytest.mark.parametrize("changes", [{"code": "-"}, {"code": "-a"}, {"code": "é"}, {"name": "=1"}, {"city": "@b"}])
def test_what_a_file_could_not_bring_back_is_refused_in_the_form(changes: dict[str, str], staff: Client) -> None:
    page = staff.post(f"{LIST}sites/new/", {"code": "a", "name": "A", "city": "B", **changes})
    assert page.status_code == 422
    assert 'aria-invalid="true"' in page.content.decode()


def test_unknown_lists_and_entries_are_not_there(staff: Client) -> None:
    for page in ("?kind=nonsense", "nonsense/new/", "sites/99/"):
        assert staff.get(LIST + page).status_code == 404
    assert not Department.objects.exists()
