from __future__ import annotations

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from pytest_django.fixtures import DjangoAssertNumQueries

from apps.accounts.enums import ImportState
from apps.accounts.imports import reading
from apps.accounts.models import Entity, PeopleImport, User
from apps.accounts.services import import_runs
from apps.core.models import AuditEntry
from tests.factories.accounts import UserFactory

from .importing import HEAD, checked, gone_on, imported, uploaded

pytestmark = pytest.mark.django_db

UPLOAD, LIST = "/staff/people/import/", "/staff/people/imports/"
ZOE = "zoe@alcyon.example;Zoé;Petit;;;;\n"
BAD = "no-address;Bad;Line;;;;\n"
TAKEN = {f"column_{place}": field for place, field in enumerate(["email", "first_name", "last_name", "entity", "", "", ""])}


@pytest.fixture
def manager() -> User:
    rights = ["accounts.see_people", "accounts.manage_people", "accounts.manage_directory"]
    user: User = UserFactory.create(email="manager@alcyon.example", permissions=rights)
    return user


@pytest.fixture
def staff(manager: User) -> Client:
    client = Client(headers={"accept-language": "en"})
    client.force_login(manager)
    return client


def send(client: Client, text: str | bytes, name: str = "people.csv") -> Any:
    raw = text.encode() if isinstance(text, str) else text
    return client.post(UPLOAD, {"file": SimpleUploadedFile(name, raw)})


def page(client: Client, address: str) -> str:
    response = client.get(address, follow=True)
    assert response.status_code == 200
    return str(response.content.decode())


def address_of(found: PeopleImport, more: str = "") -> str:
    return f"{LIST}{found.pk}/{more}"


def test_from_the_upload_to_done(staff: Client) -> None:
    sent = send(staff, HEAD + ZOE)
    found = PeopleImport.objects.get()
    assert sent["Location"] == address_of(found, "columns/")
    form = page(staff, sent["Location"])
    assert "zoe@alcyon.example" in form
    assert form.count("<select") == 7
    assert '<option value="email" selected>' in form
    assert staff.post(sent["Location"], {**TAKEN, "take": "whole"})["Location"] == address_of(found)
    assert "The file is being checked" in page(staff, address_of(found))
    gone_on(found)
    looked = page(staff, address_of(found))
    assert "Nothing has changed yet" in looked
    assert "Zoé Petit" in looked
    assert not User.objects.filter(email="zoe@alcyon.example").exists()
    assert staff.post(address_of(found, "apply/"), {"round": 1})["Location"] == address_of(found)
    assert "Stop the import" in page(staff, address_of(found))
    gone_on(found)
    assert "The whole file is in." in page(staff, address_of(found))
    assert User.objects.filter(email="zoe@alcyon.example").exists()


def test_the_form_of_the_columns_says_what_is_missing_and_keeps_what_was_chosen(staff: Client, manager: User) -> None:
    found = uploaded("Wer;Wie;Was\na@b.example;A;B\n", actor=manager)
    address = address_of(found, "columns/")
    answer = staff.post(address, {"column_0": "email", "column_1": "email", "take": "good", "close_absent": "on"})
    assert answer.status_code == 422
    text = answer.content.decode()
    assert "Choose the columns that hold: First name, Last name." in text
    assert "The column “Wer” is taken for this already." in text
    assert text.count('<option value="email" selected>') == 2
    assert staff.post(address, {"column_0": "is_superuser", "take": "whole"}).status_code == 422
    found.refresh_from_db()
    assert found.state == ImportState.COLUMNS


def test_columns_are_remembered_for_the_same_headers(staff: Client, manager: User) -> None:
    found = uploaded("Wer;Wie;Was\na@b.example;A;B\n", actor=manager)
    staff.post(
        address_of(found, "columns/"), {"column_0": "email", "column_1": "last_name", "column_2": "first_name", "take": "good"}
    )
    again = uploaded("wer;WIE;Was\nc@b.example;C;D\n", actor=manager)
    text = page(staff, address_of(again, "columns/"))
    chosen = [text.index(f'<option value="{field}" selected>') for field in ("email", "last_name", "first_name")]
    assert chosen == sorted(chosen)


def test_the_same_file_twice_is_told(staff: Client, manager: User) -> None:
    first = imported(HEAD + ZOE, actor=manager)
    found = uploaded(HEAD + ZOE, actor=manager)
    text = page(staff, address_of(found))
    assert "This very file was uploaded on" in text
    assert address_of(first) in text


def test_wrong_lines_are_shown_with_their_reason_and_given_as_a_file(staff: Client, manager: User) -> None:
    found = checked(HEAD + ZOE + "=1+1;Bad;Line;;;;\n" + "x@b.example;A;B;;;;;more\n", actor=manager)
    text = page(staff, address_of(found))
    assert "it is all or nothing" in text
    assert "Apply the import" not in text
    assert "There are more cells than columns." in text
    assert staff.post(address_of(found, "apply/"), {"round": found.round}).status_code == 422
    file = staff.get(address_of(found, "lines.csv")).content.decode("utf-8-sig").splitlines()
    assert file[0] == "email,first_name,last_name,entity,department,site,job,Line,What is wrong"
    assert file[1].startswith("'=1+1,Bad,Line,,,,,3,")
    assert len(file) == 3


def test_what_was_given_back_can_be_sent_again_as_it_is(staff: Client, manager: User) -> None:
    found = imported(HEAD + BAD + ZOE, actor=manager, good=True)
    back = staff.get(address_of(found, "lines.csv")).content
    corrected = back.replace(b"no-address", b"right@alcyon.example")
    assert imported(corrected, actor=manager).results == [1, 0, 0, 0]


def test_a_surplus_cell_that_was_given_back_is_wrong_again_until_somebody_takes_it_out(staff: Client, manager: User) -> None:
    found = checked("email;first_name;last_name\nzoe@alcyon.example;Zoé;de;Petit\n", actor=manager)
    back = staff.get(address_of(found, "lines.csv")).content
    assert "Petit" in back.decode()
    again = checked(back, actor=manager)
    assert (again.checked["new"], again.checked["wrong"]) == (0, 1)


def test_unknown_codes_are_listed_and_offered(staff: Client, manager: User) -> None:
    found = checked(HEAD + "a@b.example;A;B;new;;;\n", actor=manager)
    text = page(staff, address_of(found))
    assert "1 line" in text
    assert "Entities: 1" in text
    nothing = staff.post(address_of(found, "codes/"), {"round": found.round})
    assert nothing.status_code == 422
    assert "Choose what is to be made." in nothing.content.decode()
    staff.post(address_of(found, "codes/"), {"round": found.round, "columns": ["entity"]})
    gone_on(found)
    assert "1 entry is made" in page(staff, address_of(found))
    staff.post(address_of(found, "apply/"), {"round": found.round})
    gone_on(found)
    text = page(staff, address_of(found))
    assert "called by their code" in text
    assert "/staff/people/directory/?kind=entities&amp;q=new" in text
    assert Entity.objects.get().code == "new"


def test_making_entries_takes_the_right_to(manager: User) -> None:
    found = checked(HEAD + "a@b.example;A;B;new;;;\n", actor=manager)
    client = Client(headers={"accept-language": "en"})
    client.force_login(UserFactory.create(permissions=["accounts.see_people", "accounts.manage_people"]))
    assert "Make these entries" not in page(client, address_of(found))
    client.post(address_of(found, "codes/"), {"round": found.round, "columns": ["entity"]})
    found.refresh_from_db()
    assert (found.state, found.creating) == (ImportState.CHECKED, {})


def test_closing_many_asks_for_their_number(staff: Client, manager: User) -> None:
    for name in ("gone", "left"):
        UserFactory(email=f"{name}@alcyon.example", first_name=name.title())
    found = checked(HEAD + ZOE, actor=manager, close=True)
    text = page(staff, address_of(found))
    assert "2 of 3 that are open" in text
    assert "Gone" in text
    assert staff.get(address_of(found, "absent.csv")).status_code == 405
    assert "gone@alcyon.example" in staff.post(address_of(found, "absent.csv")).content.decode()
    assert AuditEntry.objects.get(action="accounts.export_absent").details["absent"] == 2
    for typed, sentence in (("", "Type how many accounts are closed."), ("1", "That is not how many")):
        refused = staff.post(address_of(found, "apply/"), {"round": found.round, "typed": typed})
        assert refused.status_code == 422
        assert sentence in refused.content.decode()
    staff.post(address_of(found, "apply/"), {"round": found.round, "typed": "2"})
    gone_on(found)
    assert "Accounts closed" in page(staff, address_of(found))
    assert User.objects.filter(is_active=False).count() == 2


def test_what_a_colleague_did_meanwhile_is_told(staff: Client, manager: User) -> None:
    found = checked(HEAD + ZOE, actor=manager)
    refused = staff.post(address_of(found, "apply/"), {"round": found.round - 1})
    assert "went on meanwhile" in refused.content.decode()
    staff.post(address_of(found, "cancel/"))
    assert "Cancelled before anything was written." in page(staff, address_of(found))
    assert "went on meanwhile" in staff.post(address_of(found, "cancel/"), follow=True).content.decode()
    assert staff.post(address_of(found, "apply/"), {"round": found.round})["Location"] == address_of(found)
    assert staff.get(address_of(found, "columns/"))["Location"] == address_of(found)


def test_progress_is_told_until_the_page_comes_anew(staff: Client, manager: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_runs, "BATCH", 1)
    monkeypatch.setattr(import_runs, "SLICE_SECONDS", -1.0)
    found = checked(HEAD + ZOE + ZOE.replace("zoe", "ana"), actor=manager, good=True)
    staff.post(address_of(found, "apply/"), {"round": found.round})
    gone_on(found)
    part = staff.get(address_of(found, "progress/"), headers={"hx-request": "true"})
    assert "1 of 2" in part.content.decode()
    assert "<html" not in part.content.decode()
    staff.post(address_of(found, "cancel/"))
    assert "Stopped after 1 of 2 steps." in page(staff, address_of(found))
    assert staff.get(address_of(found, "progress/"), headers={"hx-request": "true"})["HX-Refresh"] == "true"


def test_a_file_that_cannot_be_read_to_its_end_says_why(staff: Client, manager: User) -> None:
    found = checked(HEAD + ZOE * 5 + 'a@b.example;"An"a;Roux\n', actor=manager)
    assert "On line 7, something follows" in page(staff, address_of(found))


def test_an_import_that_ended_before_anything_was_written_tells_of_nothing_that_was(staff: Client, manager: User) -> None:
    found = checked(HEAD + ZOE + "a@b.example;A;B;new;;;\n", actor=manager)
    staff.post(address_of(found, "codes/"), {"round": found.round, "columns": ["entity"]})
    found = gone_on(found)
    assert (found.checked["new"], found.creating) == (2, {"entity": ["new"]})
    staff.post(address_of(found, "cancel/"))
    ended = page(staff, address_of(found))
    assert "Cancelled before anything was written." in ended
    assert "Added" not in ended
    assert "that were made" not in ended


def test_no_file_and_no_list_get_a_sentence(staff: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "Choose a file." in staff.post(UPLOAD).content.decode()
    assert "This file is empty." in send(staff, "").content.decode()
    assert "nothing below its first line" in send(staff, "hello").content.decode()
    assert "cannot be read" in send(staff, b"PK\x03\x04rest").content.decode()
    monkeypatch.setattr(reading, "MAX_BYTES", 20)
    assert "larger than" in send(staff, HEAD).content.decode()
    assert not PeopleImport.objects.exists()


@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_list_takes_as_many_questions_whatever_it_holds(
    count: int, staff: Client, manager: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(count):
        imported(HEAD + f"p{number}@alcyon.example;P;Q;;;;\n", actor=manager)
    staff.get("/staff/people/rules/")
    with django_assert_num_queries(7 if count else 6):
        text = page(staff, LIST)
    assert ("Nothing imported yet" in text) == (count == 0)


def test_the_way_there_leads_from_the_people(staff: Client) -> None:
    people = page(staff, "/staff/people/")
    assert f'href="{UPLOAD}"' in people
    assert f'href="{LIST}"' in people


def test_seeing_people_is_not_importing_them(manager: User) -> None:
    found = checked(HEAD + ZOE + BAD, actor=manager)
    client = Client()
    client.force_login(UserFactory.create(permissions=["accounts.see_people"]))
    for address in (
        UPLOAD,
        LIST,
        *(address_of(found, part) for part in ("", "columns/", "progress/", "lines.csv")),
    ):
        assert client.get(address).status_code == 403
    for part in ("apply/", "codes/", "cancel/", "absent.csv"):
        assert client.post(address_of(found, part)).status_code == 403
    missing = f"{LIST}{manager.pk}/"
    assert client.get(missing).status_code == 403
