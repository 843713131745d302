from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from celery import current_app
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from apps.accounts.enums import ImportState, Outcome
from apps.accounts.imports import checking, work
from apps.accounts.models import ImportLine, PeopleImport, User
from apps.accounts.services import (
    apply_import,
    cancel_import,
    choose_columns,
    go_on_with_import,
    import_runs,
    merge_entry,
    resume_imports,
)
from apps.accounts.services.imports import ChangedSince
from apps.core import outbox
from apps.core.models import AuditEntry, OutboxMessage
from tests.factories.accounts import EntityFactory, UserFactory

from .importing import HEAD, applied, checked, gone_on, imported, people, told, uploaded

pytestmark = pytest.mark.django_db

BAD = "no-address;Bad;Line;;;;\n"


@pytest.fixture
def actor() -> User:
    user: User = UserFactory.create(email="actor@alcyon.example")
    return user


@pytest.fixture
def small_batches(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_runs, "BATCH", 2)
    monkeypatch.setattr(checking, "CHECK_BATCH", 2)
    monkeypatch.setattr(import_runs, "CLOSE_BATCH", 2)


# Batches, halts, colleagues ------------------------------------------------------------------------------------------
class Killed(BaseException):
    pass


def killed_at(monkeypatch: pytest.MonkeyPatch, module: Any, name: str, turn: int) -> None:
    """Let the worker die when it calls `name` for the turn-th time, without any clean-up: as kill -9 does."""
    original: Callable[..., Any] = getattr(module, name)
    calls: list[str] = []

    def dying(*args: Any, **kwargs: Any) -> Any:
        calls.append(name)
        if len(calls) == turn:
            raise Killed
        return original(*args, **kwargs)

    monkeypatch.setattr(module, name, dying)
    monkeypatch.setattr(import_runs, "let_go", lambda claimed: None)


@pytest.mark.usefixtures("small_batches")
@pytest.mark.parametrize(
    ("step", "turn"),
    [
        ("_enter_people", 1),
        ("_enter_people", 3),
        ("keep", 1),
        ("keep", 4),
        ("_close", 1),
        ("deactivate_person", 1),
        ("deactivate_person", 3),
    ],
)
def test_a_worker_that_is_killed_loses_nothing_and_doubles_nothing(
    step: str, turn: int, actor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(3):
        UserFactory(email=f"gone{number}@alcyon.example")
    found = checked(people(7) + "p0@alcyon.example;Twice;Twice;;;;\n", actor=actor, good=True, close=True)
    with monkeypatch.context() as patch:
        killed_at(patch, import_runs, step, turn)
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
    monkeypatch.setattr(checking, "CHECK_BATCH", 2)
    found = uploaded(people(5) + BAD, actor=actor)
    with monkeypatch.context() as patch:
        killed_at(patch, work, "keep", 3)
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
        patch.setattr(import_runs, "_enter_people", lambda held, lines: 1 / 0)
        with pytest.raises(ZeroDivisionError):
            applied(found, actor=actor)
    assert gone_on(found).state == ImportState.DONE


def test_the_scheduler_knows_the_jobs() -> None:
    assert {"accounts.resume_imports", "accounts.forget_imports"} <= set(current_app.conf.beat_schedule)


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
@pytest.mark.parametrize("applying", [False, True])
def test_a_check_that_halts_again_and_again_at_the_same_line_is_given_up(
    applying: bool, actor: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = uploaded(people(5), actor=actor)
    mapping = ["email", "first_name", "last_name", "", "", "", ""]
    choose_columns(import_id=found.pk, mapping=mapping, all_or_nothing=True, close_absent=False, actor=actor)
    if applying:
        found = gone_on(found)
        apply_import(import_id=found.pk, seen_round=found.round, typed=None, actor=actor)
    for _turn in range(import_runs.TRIES + 1):
        with monkeypatch.context() as patch:
            killed_at(patch, work, "keep", 2)  # each time it begins from the first line, and gets that far
            with pytest.raises(Killed):
                gone_on(found)
        PeopleImport.objects.update(touched_at=timezone.now() - timedelta(minutes=2))
        resume_imports()
    found.refresh_from_db()
    assert found.state == ImportState.FAILED
    assert not User.objects.filter(email__regex=r"^p\d@").exists()


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
    look = checking.look_at_lines

    def then_cancelled(*args: Any) -> Any:
        looked = look(*args)
        cancel_import(import_id=found.pk, actor=actor)
        return looked

    monkeypatch.setattr(import_runs, "look_at_lines", then_cancelled)
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


def at_once(*imports: PeopleImport) -> None:
    """Let one worker each continue with these, at the same moment."""
    start = threading.Barrier(len(imports))

    def go_on(found: PeopleImport) -> None:
        start.wait()
        try:
            go_on_with_import(import_id=str(found.pk))
        finally:
            connection.close()

    threads = [threading.Thread(target=go_on, args=[found]) for found in imports]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


@pytest.mark.django_db(transaction=True)
def test_two_staff_who_import_the_same_people_at_once_enter_each_once(actor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_runs, "BATCH", 10)
    head, *lines = people(60).splitlines(keepends=True)
    files = [head + "".join(lines), head + "".join(reversed(lines))]
    found = [checked(file, actor=UserFactory(), good=True) for file in files]
    for each in found:
        apply_import(import_id=each.pk, seen_round=each.round, typed=None, actor=actor)
    at_once(*found)
    results = [PeopleImport.objects.get(pk=each.pk).applied for each in found]
    assert sum(applied["new"] for applied in results) == 60
    assert sum(applied["unchanged"] for applied in results) == 60
    assert User.objects.filter(email__regex=r"^p\d+@").count() == 60


@pytest.mark.django_db(transaction=True)
def test_two_workers_at_one_import_do_its_lines_once(actor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(import_runs, "BATCH", 5)
    found = checked(people(40), actor=actor, good=True)
    apply_import(import_id=found.pk, seen_round=found.round, typed=None, actor=actor)
    at_once(found, found)
    found.refresh_from_db()
    assert (found.state, found.results) == (ImportState.DONE, [40, 0, 0, 0])
    assert AuditEntry.objects.filter(action="accounts.import_people").count() == 1


@pytest.mark.django_db(transaction=True)
def test_who_comes_into_an_entry_that_is_merged_at_that_moment_moves_too(actor: User, monkeypatch: pytest.MonkeyPatch) -> None:
    entry, into = EntityFactory(code="old"), EntityFactory(code="new")
    found = checked(people(1).replace(";;;;", ";old;;;"), actor=actor)
    apply_import(import_id=found.pk, seen_round=found.round, typed=None, actor=actor)
    enter = import_runs._enter_people

    def merge() -> None:
        try:
            merge_entry(entry=entry, into=into, reason="one company", actor=actor)
        finally:
            connection.close()

    colleague = threading.Thread(target=merge)

    def merged_first(*args: Any) -> None:
        colleague.start()
        colleague.join(1)
        enter(*args)

    monkeypatch.setattr(import_runs, "_enter_people", merged_first)
    assert gone_on(found).state == ImportState.DONE
    colleague.join()
    assert User.objects.get(email="p0@alcyon.example").entity == into
