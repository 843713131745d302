from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.enums import ImportState, Outcome, Role
from apps.accounts.errors import AccountError
from apps.accounts.imports.model import KEEP_RESULTS, KEEP_WAITING
from apps.accounts.models import Entity, ImportFile, ImportLine, PeopleImport, Site, User
from apps.accounts.services import (
    apply_import,
    cancel_import,
    choose_columns,
    close_entry,
    create_codes,
    create_person,
    forget_imports,
    go_on_with_import,
    import_runs,
    resume_imports,
    set_roles,
)
from apps.accounts.services.imports import ChangedSince
from apps.core import outbox
from apps.core.missing import NotThere
from apps.core.models import AuditEntry, OutboxMessage
from tests.factories.accounts import EntityFactory, UserFactory

from .importing import HEAD, applied, checked, gone_on, imported, read, told, uploaded, workbook

pytestmark = pytest.mark.django_db

ZOE = "zoe@alcyon.example;Zoé;Petit;;;;\n"
BAD = "no-address;Bad;Line;;;;\n"


def people(count: int, name: str = "P") -> str:
    return HEAD + "".join(f"p{number}@alcyon.example;{name};Q;;;;\n" for number in range(count))


@pytest.fixture
def actor() -> User:
    return UserFactory.create(email="actor@alcyon.example")


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_runs, "BATCH", 2)
    monkeypatch.setattr(import_runs, "CHECK_BATCH", 2)
    monkeypatch.setattr(import_runs, "CLOSE_BATCH", 2)


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
        rows = repr(list(model._default_manager.values_list()))  # type: ignore[attr-defined]
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
    options = {"all_or_nothing": True, "close_absent": False, "actor": actor}
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
        "The same address stands on line 3.",
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
    enter, turns = import_runs._enter, []

    def meets_a_colleague(held: PeopleImport, lines: Any) -> None:
        turns.append(len(lines))
        if len(turns) == 1:
            create_person(email="p1@alcyon.example", first_name="P", last_name="Q", actor=actor)
            # What the colleague committed would stay; here it is undone with the batch, so the next turn enters all three.
        enter(held, lines)

    monkeypatch.setattr(import_runs, "_enter", meets_a_colleague)
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


def test_a_code_made_meanwhile_is_taken_as_it_is(actor: User) -> None:
    found = checked(HEAD + "a@b.example;A;B;new;;;\n", actor=actor)
    create_codes(import_id=found.pk, seen_round=found.round, columns=["entity"], actor=actor)
    found = gone_on(found)
    entity = EntityFactory(code="NEW")
    found = applied(found, actor=actor)
    assert (found.state, found.applied["created"]) == (ImportState.DONE, 0)
    assert User.objects.get(email="a@b.example").entity == entity


def test_too_many_codes_are_another_column(actor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_runs, "MOST_CODES", 2)
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


# Batches, halts, colleagues ------------------------------------------------------------------------------------------
class Killed(BaseException):
    pass


def killed_at(monkeypatch: pytest.MonkeyPatch, name: str, turn: int) -> None:
    """Let the worker die when it calls `name` for the turn-th time, with nothing done about it: as kill -9 does."""
    original: Callable[..., Any] = getattr(import_runs, name)
    calls: list[str] = []

    def dying(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        if len(calls) == turn:
            raise Killed
        return original(*args, **kwargs)

    monkeypatch.setattr(import_runs, name, dying)
    monkeypatch.setattr(import_runs, "_let_go", lambda claimed: None)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize(
    ("step", "turn"),
    [("_enter", 1), ("_enter", 3), ("_keep", 1), ("_keep", 4), ("_close", 1), ("deactivate_person", 1), ("deactivate_person", 3)],
)
def test_a_worker_that_is_killed_loses_nothing_and_doubles_nothing(
    step: str, turn: int, actor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        UserFactory(email=f"gone{number}@alcyon.example")
    found = checked(people(7) + "p0@alcyon.example;Twice;Twice;;;;\n", actor=actor, good=True, close=True)
    with monkeypatch.context() as patch:
        killed_at(patch, step, turn)
        with pytest.raises(Killed):
            applied(found, actor=actor, typed=3)
    found.refresh_from_db()
    assert found.state == ImportState.APPLYING
    # Another worker waits until the first one counts as dead.
    assert gone_on(found).state == ImportState.APPLYING
    PeopleImport.objects.update(touched_at=timezone.now() - timedelta(minutes=2))
    OutboxMessage.objects.all().delete()
    resume_imports()
    [message] = OutboxMessage.objects.all()
    outbox.run(message.pk)
    found.refresh_from_db()
    assert (found.state, found.results) == (ImportState.DONE, [7, 0, 1, 3])
    assert [line.number for line in told(found, Outcome.WRONG)] == [9]
    assert len(told(found, Outcome.NEW)) == 7
    assert User.objects.filter(email__regex=r"^p\d@").count() == 7
    assert AuditEntry.objects.filter(action="accounts.create_person").count() == 7
    assert AuditEntry.objects.filter(action="accounts.import_people").count() == 1


def test_a_check_that_is_killed_begins_again(actor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_runs, "CHECK_BATCH", 2)
    found = uploaded(people(5) + BAD, actor=actor)
    with monkeypatch.context() as patch:
        killed_at(patch, "_keep", 3)
        mapping = ["email", "first_name", "last_name", "", "", "", ""]
        choose_columns(import_id=found.pk, mapping=mapping, all_or_nothing=False, close_absent=False, actor=actor)
        with pytest.raises(Killed):
            gone_on(found)
    PeopleImport.objects.update(touched_at=timezone.now() - timedelta(minutes=2))
    found = gone_on(found)
    assert (found.state, found.checked["new"], found.checked["wrong"]) == (ImportState.CHECKED, 5, 1)
    assert ImportLine.objects.count() == 6


def test_a_worker_that_fails_leaves_it_to_the_next(actor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    found = checked(people(3), actor=actor)
    with monkeypatch.context() as patch:
        patch.setattr(import_runs, "_enter", lambda held, lines: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            applied(found, actor=actor)
    assert gone_on(found).state == ImportState.DONE


def test_an_import_that_halts_again_and_again_is_given_up(actor: User) -> None:
    found = checked(people(3), actor=actor)
    apply_import(import_id=found.pk, seen_round=found.round, typed=None, actor=actor)
    for _turn in range(import_runs.TRIES + 1):
        assert PeopleImport.objects.get().state == ImportState.APPLYING
        PeopleImport.objects.update(touched_at=timezone.now() - timedelta(minutes=2))
        resume_imports()
        resume_imports()
    found.refresh_from_db()
    assert found.state == ImportState.FAILED
    assert "came to a halt" in found.trouble


@pytest.mark.usefixtures("small_batches")
def test_others_have_their_turn(actor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    found = checked(people(5), actor=actor)
    monkeypatch.setattr(import_runs, "SLICE_SECONDS", -1.0)
    OutboxMessage.objects.all().delete()
    found = applied(found, actor=actor)
    assert (found.state, found.position, found.runner) == (ImportState.APPLYING, 2, "")
    assert OutboxMessage.objects.count() == 2
    for _turn in range(2):
        found = gone_on(found)
    assert gone_on(found).results == [5, 0, 0, 0]


@pytest.mark.usefixtures("small_batches")
def test_cancelled_between_two_batches_it_says_what_was_done(actor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    found = checked(people(6), actor=actor)
    monkeypatch.setattr(import_runs, "SLICE_SECONDS", -1.0)
    applied(found, actor=actor)
    cancel_import(import_id=found.pk, actor=actor)
    found = gone_on(found)
    assert (found.state, found.position, found.steps, found.results) == (ImportState.CANCELLED, 2, 6, [2, 0, 0, 0])
    assert User.objects.filter(email__regex=r"^p\d@").count() == 2
    assert AuditEntry.objects.get(action="accounts.cancel_import").details["new"] == 2
    with pytest.raises(ChangedSince):
        cancel_import(import_id=found.pk, actor=actor)


def test_cancelled_under_the_hands_of_a_worker_it_stops(actor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    found = checked(people(3), actor=actor)
    apply_import(import_id=found.pk, seen_round=found.round, typed=None, actor=actor)
    look = import_runs._look_at_lines

    def then_cancelled(*args: Any) -> Any:
        looked = look(*args)
        cancel_import(import_id=found.pk, actor=actor)
        return looked

    monkeypatch.setattr(import_runs, "_look_at_lines", then_cancelled)
    assert gone_on(found).state == ImportState.CANCELLED
    assert not User.objects.filter(email__regex=r"^p\d@").exists()


def test_two_who_press_at_once_apply_it_once(actor: User) -> None:
    found = checked(people(3), actor=actor)
    apply_import(import_id=found.pk, seen_round=found.round, typed=None, actor=actor)
    with pytest.raises(ChangedSince):
        apply_import(import_id=found.pk, seen_round=found.round, typed=None, actor=UserFactory())
    go_on_with_import(import_id=str(found.pk))
    assert gone_on(found).results == [3, 0, 0, 0]


def test_what_was_looked_at_is_what_is_applied(actor: User) -> None:
    found = checked(people(3), actor=actor)
    seen = found.round
    mapping = ["email", "last_name", "first_name", "", "", "", ""]
    choose_columns(import_id=found.pk, mapping=mapping, all_or_nothing=True, close_absent=False, actor=UserFactory())
    gone_on(found)
    with pytest.raises(ChangedSince):
        apply_import(import_id=found.pk, seen_round=seen, typed=None, actor=actor)


def test_a_batch_takes_as_many_questions_whatever_its_lines(actor: User) -> None:
    EntityFactory(code="sante")
    counts = []
    for size in (3, 40):
        lines = [f"p{size}-{number}@alcyon.example;P;Q;;;;\n" for number in range(size)]
        imported(HEAD + "".join(lines), actor=actor)
        found = checked(
            HEAD + "".join(line.replace(";;;;", ";sante;;;").replace("P;Q", "P;R") for line in lines) + people(size)[len(HEAD) :],
            actor=actor,
            good=True,
        )
        with CaptureQueriesContext(connection) as queries:
            found = applied(found, actor=actor)
        assert found.results[1] == size
        counts.append(len(queries))
    assert counts[0] == counts[1]


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
