from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.utils import timezone

from apps.accounts.demo import load_places
from apps.accounts.demo_imports import LEAVERS, load_imports
from apps.accounts.enums import ImportState, Outcome, Role
from apps.accounts.errors import AccountError
from apps.accounts.imports import checking
from apps.accounts.imports.model import KEEP_RESULTS, KEEP_WAITING
from apps.accounts.models import Entity, ImportFile, ImportLine, PeopleImport, Site, User
from apps.accounts.services import (
    cancel_import,
    choose_columns,
    close_entry,
    create_codes,
    create_person,
    forget_imports,
    import_runs,
    set_roles,
)
from apps.accounts.services.imports import ChangedSince
from apps.core.missing import NotThere
from apps.core.models import AuditEntry
from tests.factories.accounts import EntityFactory, UserFactory

from .importing import HEAD, applied, checked, gone_on, imported, people, read, told, uploaded, workbook

pytestmark = pytest.mark.django_db

ZOE = "zoe@alcyon.example;Zoé;Petit;;;;\n"
BAD = "no-address;Bad;Line;;;;\n"


@pytest.fixture
def actor() -> User:
    user: User = UserFactory.create(email="actor@alcyon.example")
    return user


# The way of a file ---------------------------------------------------------------------------------------------------
def test_from_the_file_to_the_people(actor: User) -> None:
    entity = EntityFactory(code="sante")
    UserFactory(email="moved@alcyon.example", first_name="Moved", last_name="Person")
    UserFactory(email="same@alcyon.example", first_name="Same", last_name="Person")
    text = HEAD + ZOE + "moved@alcyon.example;Moved;Person;sante;;;\n" + "same@alcyon.example;Same;Person;;;;\n"
    found = checked(text, actor=actor)
    assert found.state == ImportState.CHECKED
    assert {name: found.checked[name] for name in Outcome.values} == {"new": 1, "changed": 1, "unchanged": 1, "wrong": 0}
    assert not User.objects.filter(email="zoe@alcyon.example").exists()
    assert [line.changes for line in told(found, Outcome.CHANGED)] == ["Entity"]

    found = applied(found, actor=actor)
    assert (found.state, found.results) == (ImportState.DONE, [1, 1, 0, 0])
    zoe = User.objects.get(email="zoe@alcyon.example")
    assert (zoe.first_name, zoe.has_usable_password()) == ("Zoé", False)
    assert EmailAddress.objects.get(user=zoe).verified
    assert User.objects.get(search_text__contains="zoe petit") == zoe
    assert User.objects.get(email="moved@alcyon.example").entity == entity
    assert [line.email for line in told(found, Outcome.NEW)] == ["zoe@alcyon.example"]


def test_the_trail_tells_each_step_and_each_person(actor: User) -> None:
    entity, other = EntityFactory(code="sante"), EntityFactory(code="gestion")
    UserFactory(email="moved@alcyon.example", first_name="Moved", last_name="Person", entity=entity)
    found = imported(HEAD + ZOE + "moved@alcyon.example;Moved;Again;gestion;;;\n", actor=actor)
    entries = {entry.action: entry for entry in AuditEntry.objects.all()}
    assert set(entries) == {
        *("accounts.upload_people", "accounts.check_import", "accounts.apply_import", "accounts.import_people"),
        *("accounts.create_person", "accounts.update_person"),
    }
    assert entries["accounts.import_people"].details == {"digest": found.digest[:32], "new": 1, "changed": 1}
    assert entries["accounts.update_person"].details["changes"] == {"entity": ["sante", "gestion"]}
    assert entries["accounts.update_person"].details["fields"] == ["entity", "last_name"]
    assert "Again" not in str([entry.details for entry in entries.values()])
    assert other.code == "gestion"


def test_nothing_of_a_file_lies_open_and_it_goes_when_the_import_has_ended(actor: User) -> None:
    found = checked(HEAD + ZOE + BAD, actor=actor, good=True)
    for model in (PeopleImport, ImportFile, ImportLine):
        rows = repr(list(model._default_manager.values_list()))
        assert "zoe" not in rows
        assert "Petit" not in rows
    assert ImportFile.objects.get().read_content(found.seal()).decode().startswith("email;")
    found = applied(found, actor=actor)
    assert not ImportFile.objects.exists()
    assert [line.cells[0] for line in told(found, Outcome.WRONG)] == ["no-address"]


def test_workbooks_go_the_same_way(actor: User) -> None:
    raw = workbook([["Courriel", "Prénom", "Nom", "Matricule"], ["zoe@alcyon.example", "Zoé", "Petit", 7]])
    found = imported(raw, actor=actor)
    assert found.results == [1, 0, 0, 0]
    assert found.mapping == ["email", "first_name", "last_name", ""]


def test_doing_it_twice_changes_nothing(actor: User) -> None:
    imported(HEAD + ZOE, actor=actor)
    found = checked(HEAD + ZOE, actor=actor)
    assert found.checked["unchanged"] == 1
    with pytest.raises(AccountError, match="nothing to do"):
        applied(found, actor=actor)
    assert User.objects.filter(email="zoe@alcyon.example").count() == 1


def test_the_columns_must_be_said(actor: User) -> None:
    found = uploaded(HEAD + ZOE, actor=actor)
    options: Any = {"all_or_nothing": True, "close_absent": False, "actor": actor}
    with pytest.raises(AccountError, match="First name, Last name"):
        choose_columns(import_id=found.pk, mapping=["email", ""], **options)
    with pytest.raises(AccountError, match="the same"):
        choose_columns(import_id=found.pk, mapping=["email", "email", "first_name", "last_name"], **options)
    with pytest.raises(AccountError):
        choose_columns(import_id=found.pk, mapping=["email", "first_name", "last_name", "is_superuser"], **options)
    cancel_import(import_id=found.pk, actor=actor)
    with pytest.raises(ChangedSince):
        choose_columns(import_id=found.pk, mapping=["email", "first_name", "last_name"], **options)
    with pytest.raises(NotThere):
        cancel_import(import_id=actor.pk, actor=actor)


def test_a_file_that_cannot_be_read_to_its_end_says_so(actor: User) -> None:
    found = checked(people(5) + 'a@b.example;"An"a;Roux\n', actor=actor)
    assert found.state == ImportState.FAILED
    assert "On line 7, something follows" in found.trouble
    assert not ImportFile.objects.exists()
    assert AuditEntry.objects.filter(action="accounts.fail_import").count() == 1


# Wrong lines ---------------------------------------------------------------------------------------------------------
def test_all_or_nothing_writes_nothing_while_a_line_is_wrong(actor: User) -> None:
    found = checked(HEAD + ZOE + BAD, actor=actor)
    assert found.checked["wrong"] == 1
    with pytest.raises(AccountError, match="all or nothing"):
        applied(found, actor=actor)
    assert not User.objects.filter(email="zoe@alcyon.example").exists()


def test_the_good_lines_now_and_the_others_back(actor: User) -> None:
    found = imported(HEAD + BAD + ZOE + ZOE, actor=actor, good=True)
    assert found.results == [1, 0, 2, 0]
    assert [str(line.reason) for line in told(found, Outcome.WRONG)] == [
        "“no-address” is not an e-mail address.",
        "The same address is on line 3.",
    ]


def test_what_became_wrong_since_the_check_stops_all_or_nothing_before_the_first_line(actor: User) -> None:
    closed = UserFactory(email="p1@alcyon.example")
    found = checked(people(3, "New"), actor=actor)
    User.objects.filter(pk=closed.pk).update(is_active=False)
    found = applied(found, actor=actor)
    assert (found.state, found.became_wrong, found.applied) == (ImportState.CHECKED, True, {})
    assert "closed account" in str(told(found, Outcome.WRONG)[0].reason)
    assert not User.objects.filter(email="p0@alcyon.example").exists()
    assert ImportFile.objects.exists()
    entry = AuditEntry.objects.get(action="accounts.hold_back_import")
    assert entry.details["wrong"] == found.checked["wrong"]


def test_what_became_wrong_since_the_check_is_given_back(actor: User) -> None:
    entity = EntityFactory(code="sante")
    found = checked(HEAD + "a@alcyon.example;A;B;sante;;;\n" + ZOE, actor=actor, good=True)
    close_entry(entry=entity, reason="x", actor=actor)
    found = applied(found, actor=actor)
    assert found.results == [1, 0, 1, 0]
    assert "“sante” is closed" in str(told(found, Outcome.WRONG)[0].reason)


def test_somebody_entered_meanwhile_is_not_entered_twice(actor: User) -> None:
    found = checked(HEAD + ZOE, actor=actor)
    create_person(email="zoe@alcyon.example", first_name="Zoë", last_name="Petit", actor=actor)
    found = applied(found, actor=actor)
    assert found.results == [0, 1, 0, 0]
    assert User.objects.get(email="zoe@alcyon.example").first_name == "Zoé"


def test_somebody_entered_at_that_very_moment_is_not_entered_twice(actor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    found = checked(people(3), actor=actor, good=True)
    enter, turns = import_runs._enter_people, []

    def meets_a_colleague(held: PeopleImport, lines: Any) -> None:
        turns.append(len(lines))
        if len(turns) == 1:
            create_person(email="p1@alcyon.example", first_name="P", last_name="Q", actor=actor)
            # What the colleague committed would stay; here it is undone with the batch, so the next turn enters all three.
        enter(held, lines)

    monkeypatch.setattr(import_runs, "_enter_people", meets_a_colleague)
    assert applied(found, actor=actor).results == [3, 0, 0, 0]
    assert turns == [3, 3]
    assert User.objects.filter(email__startswith="p").count() == 3


# Codes ---------------------------------------------------------------------------------------------------------------
def test_unknown_codes_are_made_when_that_is_wished(actor: User) -> None:
    text = HEAD + "a@b.example;A;B;new;;there;\n" + "b@b.example;A;B;new;;;\n" + "c@b.example;A;B;Not a code;;;\n"
    found = checked(text, actor=actor, good=True)
    assert found.checked["wrong"] == 3
    assert found.read_findings(found.seal())["unknown"] == {"entity": [["new", 2]], "site": [["there", 1]]}
    create_codes(import_id=found.pk, seen_round=found.round, columns=["entity"], actor=actor)
    found = gone_on(found)
    assert (found.checked["new"], found.checked["wrong"]) == (1, 2)
    create_codes(import_id=found.pk, seen_round=found.round, columns=["site"], actor=actor)
    found = gone_on(found)
    assert not Entity.objects.exists()
    found = applied(found, actor=actor)
    assert found.results == [2, 0, 1, 0]
    assert found.applied["created"] == 2
    assert (Entity.objects.get().name, Site.objects.get().city) == ("new", "there")
    assert User.objects.get(email="a@b.example").site == Site.objects.get()
    assert AuditEntry.objects.filter(action="accounts.create_entry").count() == 2


def test_a_code_that_the_directory_would_not_take_is_not_offered(actor: User) -> None:
    found = checked(HEAD + "a@b.example;A;B;-new;;;\n" + "b@b.example;A;B;;;éa;\n", actor=actor)
    assert found.checked["wrong"] == 2
    assert found.read_findings(found.seal())["unknown"] == {}


def test_a_code_made_meanwhile_is_taken_as_it_is(actor: User) -> None:
    found = checked(HEAD + "a@b.example;A;B;new;;;\n", actor=actor)
    create_codes(import_id=found.pk, seen_round=found.round, columns=["entity"], actor=actor)
    found = gone_on(found)
    entity = EntityFactory(code="NEW")
    found = applied(found, actor=actor)
    assert (found.state, found.applied["created"]) == (ImportState.DONE, 0)
    assert User.objects.get(email="a@b.example").entity == entity


def test_a_code_made_and_closed_meanwhile_stops_all_or_nothing(actor: User) -> None:
    found = checked(HEAD + "a@b.example;A;B;new;;;\n" + ZOE, actor=actor)
    create_codes(import_id=found.pk, seen_round=found.round, columns=["entity"], actor=actor)
    found = gone_on(found)
    assert found.checked["wrong"] == 0
    EntityFactory(code="new", closed_at=timezone.now())
    found = applied(found, actor=actor)
    assert (found.state, found.became_wrong, found.checked["wrong"]) == (ImportState.CHECKED, True, 1)
    assert read(HEAD + ZOE)[0].person is None


def test_too_many_codes_are_another_column(actor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(checking, "MOST_CODES", 2)
    text = HEAD + "".join(f"p{number}@b.example;A;B;code{number};;;\n" for number in range(3))
    found = checked(text, actor=actor)
    assert found.read_findings(found.seal()) == {"unknown": {}, "too_many": {"entity": 3}}
    with pytest.raises(AccountError, match="Choose what is to be made"):
        create_codes(import_id=found.pk, seen_round=found.round, columns=["entity"], actor=actor)


# Closing who is absent -----------------------------------------------------------------------------------------------
def test_who_is_absent_is_closed_and_nobody_else(actor: User) -> None:
    gone = UserFactory(email="gone@alcyon.example")
    EmailAddress.objects.create(user=gone, email=gone.email, primary=True, verified=True)
    second = UserFactory(email="second@alcyon.example")
    EmailAddress.objects.create(user=second, email="zoe@alcyon.example", verified=True)
    wrong = UserFactory(email="wrong@alcyon.example")
    champion = UserFactory(email="champion@alcyon.example")
    set_roles(user=champion, roles=[Role.CHAMPION], actor=None)
    allowed = UserFactory(email="allowed@alcyon.example", permissions=["accounts.see_people"])
    found = checked(people(2) + "wrong@alcyon.example;;No first name;;;;\n" + ZOE, actor=actor, good=True, close=True)
    assert (found.checked["absent"], found.checked["open"], found.closes_many) == (1, 6, True)
    late = UserFactory(email="late@alcyon.example")
    for typed in (None, 2):
        with pytest.raises(AccountError, match="Type 1"):
            applied(found, actor=actor, typed=typed)
    found = applied(found, actor=actor, typed=1)
    assert found.applied["closed"] == 1
    assert set(User.objects.filter(is_active=False)) == {gone}
    assert AuditEntry.objects.get(action="accounts.deactivate_person").reason == "Not in the file of people “people.csv”"
    assert all(User.objects.get(pk=person.pk).is_active for person in (actor, second, wrong, champion, allowed, late))


def test_who_got_a_role_or_another_address_meanwhile_stays_open(actor: User) -> None:
    raised, named, gone = (UserFactory(email=f"{name}@alcyon.example") for name in ("raised", "named", "gone"))
    found = checked(HEAD + ZOE, actor=actor, close=True)
    assert found.checked["absent"] == 3
    set_roles(user=raised, roles=[Role.TRAINER], actor=None)
    User.objects.filter(pk=named.pk).update(email="zoe@alcyon.example")
    found = applied(found, actor=actor, typed=3)
    assert set(User.objects.filter(is_active=False)) == {gone}
    assert found.applied["closed"] == 1


def test_where_a_line_has_no_address_nobody_can_tell_who_is_absent(actor: User) -> None:
    UserFactory(email="gone@alcyon.example")
    found = checked(HEAD + ZOE + BAD, actor=actor, good=True, close=True)
    with pytest.raises(AccountError, match="no address that can be read"):
        applied(found, actor=actor, typed=1)


def test_a_few_of_many_are_not_asked_twice(actor: User) -> None:
    found = PeopleImport(close_absent=True, checked={"absent": 2, "open": 100})
    assert not found.closes_many
    found.checked["absent"] = 3
    assert found.closes_many


# Time ----------------------------------------------------------------------------------------------------------------
def test_files_that_nobody_goes_on_with_and_old_lines_are_removed(actor: User) -> None:
    waiting = uploaded(HEAD + ZOE, actor=actor)
    fresh = uploaded(HEAD + ZOE, actor=actor)
    done = imported(HEAD + ZOE + BAD, actor=actor, good=True)
    forget_imports()
    assert ImportFile.objects.count() == 2
    PeopleImport.objects.filter(pk=waiting.pk).update(touched_at=timezone.now() - KEEP_WAITING - timedelta(hours=1))
    PeopleImport.objects.filter(pk=done.pk).update(ended_at=timezone.now() - KEEP_RESULTS - timedelta(hours=1))
    forget_imports()
    for found in (waiting, fresh, done):
        found.refresh_from_db()
    assert (waiting.state, fresh.state) == (ImportState.EXPIRED, ImportState.COLUMNS)
    assert [file.pk for file in ImportFile.objects.all()] == [fresh.pk]
    assert (done.has_lines, done.results, done.read_head(done.seal())) == (False, [1, 0, 1, 0], ([], []))
    assert not ImportLine.objects.exists()
    assert read(HEAD + ZOE)[0].person is not None


def test_of_an_import_that_ended_before_anything_was_applied_no_sample_stays(actor: User) -> None:
    found = checked(HEAD + ZOE + BAD, actor=actor)
    cancel_import(import_id=found.pk, actor=actor)
    found.refresh_from_db()
    assert found.read_head(found.seal()) == ([], [])
    assert found.read_findings(found.seal()) == {}


def test_the_demo_world_has_imports_at_each_step_once(actor: User) -> None:
    load_places()
    UserFactory.create_batch(5)
    for _turn in range(2):
        load_imports(actor=actor)
    found = {people_import.state: people_import for people_import in PeopleImport.objects.all()}
    assert set(found) == {ImportState.DONE, ImportState.CHECKED, ImportState.COLUMNS}
    assert found[ImportState.DONE].results == [5, 0, 3, 0]
    assert found[ImportState.CHECKED].checked["absent"] == LEAVERS
    assert PeopleImport.objects.count() == 3
