"""The audit trail: nothing is changed, removed, added in between or cut off without being noticed."""

from __future__ import annotations

import threading
from typing import Any

import pytest
from django.conf import settings
from django.db import connection, transaction
from django.db.models import QuerySet
from django.utils import translation

from apps.core import audit
from apps.core.models import AuditEntry, AuditHead
from tests.factories.accounts import UserFactory


def write(count: int = 1) -> list[AuditEntry]:
    with transaction.atomic():
        return [audit.record(actor=None, action="test.write", target=f"test.Thing:{n}", details={"n": n}) for n in range(count)]


def found() -> str:
    """What a verification finds, as the trail would keep it."""
    problem = audit.verify()
    return problem.written if problem else ""


@pytest.mark.django_db
def test_holds_as_written() -> None:
    assert audit.verify() is None
    write(3)
    assert audit.verify() is None
    assert list(AuditEntry.objects.order_by("seq").values_list("seq", flat=True)) == [1, 2, 3]


@pytest.mark.django_db(transaction=True)
def test_needs_the_transaction_of_what_it_tells() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        audit.record(actor=None, action="test.write", target="x")


@pytest.mark.django_db(transaction=True)
def test_dies_with_the_write_it_tells() -> None:
    with transaction.atomic():
        audit.record(actor=None, action="test.write", target="x")
        transaction.set_rollback(True)
    assert not AuditEntry.objects.exists()
    write()
    assert audit.verify() is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value"),
    [("actor", "somebody"), ("action", "test.other"), ("target", "test.Thing:9"), ("subject", "x"), ("reason", "because"),
     ("details", '{"n": 7}'), ("at", "2020-01-01 00:00:00"), ("hash", "f" * 64), ("previous_hash", "f" * 64)],
)  # fmt: skip
def test_every_changed_column_is_noticed(column: str, value: str) -> None:
    write(3)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE core_auditentry SET {column} = %s WHERE seq = 2", [value])  # noqa: S608  a fixed list
    assert "2" in found()


@pytest.mark.django_db
@pytest.mark.parametrize("removed", [1, 2])
def test_a_removed_entry_is_noticed(removed: int) -> None:
    write(3)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_auditentry WHERE seq = %s", [removed])
    assert found() == f"Entry {removed} is missing."


@pytest.mark.django_db
def test_a_cut_tail_is_noticed() -> None:
    write(3)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_auditentry WHERE seq = 3")
    assert found() == "The trail ends at entry 2, but 3 were written."


@pytest.mark.django_db
def test_what_is_wrong_is_said_in_the_readers_language_and_kept_in_one() -> None:
    write(3)
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_auditentry WHERE seq = 3")
    problem = audit.verify()
    assert problem is not None
    with translation.override("fr"):
        assert str(problem) == "La piste finit à la trace 2, mais 3 ont été écrites."
        assert problem.written == "The trail ends at entry 2, but 3 were written."
        assert audit.read_problem(problem.written) == str(problem)


@pytest.mark.parametrize(
    ("written", "read"),
    [
        ("Entry 12 is missing.", "La trace 12 manque."),
        ("Entry 3 was changed.", "La trace 3 a été modifiée."),
        ("Entry 7 is not the one whose hash was kept: the trail was written anew.", "La trace 7 n’est pas celle"),
        ("The trail ends at entry 5, but entry 9 was kept.", "La piste finit à la trace 5, mais la trace 9"),
        ("Entry twelve is missing.", "Entry twelve is missing."),
        ("", ""),
    ],
)
def test_a_sentence_that_was_kept_is_read_in_french(written: str, read: str) -> None:
    with translation.override("fr"):
        assert audit.read_problem(written).startswith(read)
    with translation.override("en"):
        assert audit.read_problem(written) == written


@pytest.mark.django_db
def test_a_tail_cut_off_with_its_head_is_noticed_by_who_kept_the_head() -> None:
    kept = write(3)[-1]
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM core_auditentry WHERE seq = 3")
    last = AuditEntry.objects.get(seq=2)
    AuditHead.objects.update(seq=2, hash=last.hash)
    assert audit.verify() is None, "From within, this trail looks whole."
    assert audit.verify(kept=(kept.seq, kept.hash)) is not None
    assert audit.verify(kept=(2, last.hash)) is None


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_make_one_chain() -> None:
    gate = threading.Barrier(4)
    errors: list[BaseException] = []

    def work() -> None:
        try:
            gate.wait(5)
            for _ in range(5):
                write()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []
    assert AuditEntry.objects.count() == 20
    assert audit.verify() is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    "change",
    [
        lambda rows: rows.update(reason="x"),
        lambda rows: rows.delete(),
        lambda rows: rows.get().delete(),
        lambda rows: rows.get().save(),
        lambda rows: rows.bulk_update([rows.get()], ["reason"]),
        lambda rows: rows.bulk_create([AuditEntry(seq=9)]),
        lambda rows: rows.update_or_create(seq=1, defaults={"reason": "x"}),
    ],
)
def test_the_code_offers_no_way_to_change_it(change: Any) -> None:
    write()
    rows: QuerySet[AuditEntry] = AuditEntry.objects.all()
    with pytest.raises(TypeError):
        change(rows)


@pytest.mark.django_db
def test_people_stand_under_stable_pseudonyms(settings: Any) -> None:
    user, other = UserFactory(), UserFactory()
    with transaction.atomic():
        entry = audit.record(actor=user, action="test.write", target=user, subject=other)
    assert entry.actor == audit.pseudonym(user) != entry.subject == audit.pseudonym(other)
    assert entry.target == f"accounts.User:{audit.pseudonym(user)}"
    assert str(user.pk) not in f"{entry.actor}{entry.subject}{entry.target}"
    assert user.email not in f"{entry.actor}{entry.details}{entry.reason}"
    settings.SECRET_KEY = "rotated" * 10
    assert audit.pseudonym(user) == entry.actor, "A new secret key must not give people new pseudonyms."


@pytest.mark.django_db
def test_the_entries_of_a_person_are_found_by_who_knows_the_person() -> None:
    user, other = UserFactory(), UserFactory()
    with transaction.atomic():
        audit.record(actor=user, action="test.write", target="test.Thing:1")
        audit.record(actor=other, action="test.write", target="test.Thing:2", subject=user)
        audit.record(actor=other, action="test.write", target=user)
        audit.record(actor=other, action="test.write", target=f"accounts.User:{user.pk}")  # as it was written once
        audit.record(actor=other, action="test.write", target=other, subject=other)
    found = AuditEntry.objects.filter(audit.entries_of(user)).order_by("seq")
    assert [entry.seq for entry in found] == [1, 2, 3, 4]
    assert {audit.shown_target(entry.target) for entry in found[2:]} == {f"accounts.User:{audit.pseudonym(user)}"}
    assert audit.shown_target("test.Thing:1") == "test.Thing:1"
    assert audit.verify() is None, "What was written stays as it was."


@pytest.mark.django_db
def test_an_entry_costs_three_queries(django_assert_num_queries: Any) -> None:
    write()
    with transaction.atomic(), django_assert_num_queries(3):  # lock the head, write the entry, move the head
        audit.record(actor=None, action="test.write", target="x")


def test_the_pseudonyms_have_a_key_of_their_own() -> None:
    assert settings.AUDIT_KEY != settings.SECRET_KEY
