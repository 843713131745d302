"""The audit trail: nothing is changed, removed, inserted or cut off without being noticed."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.db.models import QuerySet
from django.utils import translation

from apps.core import audit
from apps.core.models import AuditEntry, AuditHead
from tests.core.trail import append, change, found, write
from tests.factories.accounts import UserFactory


@pytest.mark.django_db
def test_holds_as_written() -> None:
    assert audit.verify() is None
    append(3)
    assert audit.verify() is None, "Entries that wait are checked as well."
    assert audit.chain() == 3
    assert audit.verify() is None
    assert list(AuditEntry.objects.order_by("pk").values_list("seq", flat=True)) == [1, 2, 3]


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
     ("details", '{"n": 7}'), ("at", "2020-01-01 00:00:00"), ("hash", "f" * 64), ("previous_hash", "f" * 64),
     ("stamp", "f" * 97), ("stamp", None), ("id", 1_000_000)],
)  # fmt: skip
def test_every_changed_column_is_noticed(column: str, value: str) -> None:
    write(3)
    change(f"UPDATE core_auditentry SET {column} = %s WHERE seq = 2", value)  # noqa: S608  a fixed list
    assert "2" in found()


@pytest.mark.django_db
@pytest.mark.parametrize("removed", [1, 2])
def test_a_removed_entry_is_noticed(removed: int) -> None:
    write(3)
    change("DELETE FROM core_auditentry WHERE seq = %s", removed)
    assert found() == f"Entry {removed} is missing."


@pytest.mark.django_db
def test_a_cut_tail_is_noticed() -> None:
    write(3)
    change("DELETE FROM core_auditentry WHERE seq = 3")
    assert found() == "The trail ends at entry 2, but 3 were written."


@pytest.mark.django_db
def test_what_is_wrong_is_said_in_the_readers_language_and_kept_in_one() -> None:
    write(3)
    change("DELETE FROM core_auditentry WHERE seq = 3")
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
        ("Entry 7 is not the one whose hash was kept: the trail was rewritten.", "La trace 7 n’est pas celle"),
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
    change("DELETE FROM core_auditentry WHERE seq = 3")
    last = AuditEntry.objects.get(seq=2)
    AuditHead.objects.update(seq=2, hash=last.hash)
    assert audit.verify() is None, "From within, this trail looks whole."
    assert kept.seq is not None
    assert audit.verify(kept=(kept.seq, kept.hash)) is not None
    assert audit.verify(kept=(2, last.hash)) is None


def at_once(count: int, work: Callable[[], object]) -> None:
    """Run `work` on this many threads at the same moment; raise what one of them raised."""
    gate, errors = threading.Barrier(count), []

    def run() -> None:
        try:
            gate.wait(5)
            work()
        except BaseException as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert errors == []


@pytest.mark.django_db(transaction=True)
def test_writers_at_once_make_one_chain() -> None:
    at_once(4, lambda: [write() for _ in range(5)])
    assert AuditEntry.objects.count() == 20
    assert not AuditEntry.objects.waiting().exists()
    assert audit.verify() is None


@pytest.mark.django_db(transaction=True)
def test_chaining_twice_at_once_chains_once() -> None:
    append(40)
    at_once(4, lambda: audit.chain(batch=7))
    assert list(AuditEntry.objects.order_by("seq").values_list("seq", flat=True)) == list(range(1, 41))
    assert audit.verify() is None


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite has one writer at a time, whatever they write.")
def test_a_writer_waits_for_nobody() -> None:
    with transaction.atomic():
        audit.record(actor=None, action="test.write", target="test.Thing:long")

        def short() -> None:
            with transaction.atomic():
                with connection.cursor() as cursor:
                    cursor.execute("SET LOCAL lock_timeout = '200ms'")
                audit.record(actor=None, action="test.write", target="test.Thing:short")
            assert audit.chain() == 1

        at_once(1, short)
    # The one that began first ended last: it is chained after what was chained before it, and is not skipped.
    assert audit.chain() == 1
    assert [entry.target for entry in AuditEntry.objects.order_by("seq")] == ["test.Thing:short", "test.Thing:long"]
    assert audit.verify() is None


@pytest.mark.django_db
def test_a_late_one_is_chained_though_its_number_is_lower() -> None:
    late, early = append(2)
    change("UPDATE core_auditentry SET seq = -1 WHERE id = %s", late.pk)  # as if its transaction were still open
    assert audit.chain() == 1
    change("UPDATE core_auditentry SET seq = NULL WHERE id = %s", late.pk)
    assert audit.chain() == 1
    assert list(AuditEntry.objects.order_by("seq").values_list("pk", flat=True)) == [early.pk, late.pk]
    assert audit.verify() is None


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("column", "value"),
    [("actor", "somebody"), ("action", "test.other"), ("target", "test.Thing:9"), ("subject", "x"), ("reason", "because"),
     ("details", '{"n": 7}'), ("at", "2020-01-01 00:00:00"), ("stamp", "f" * 97), ("stamp", None)],
)  # fmt: skip
def test_a_change_before_chaining_is_noticed_before_and_after(
    column: str, value: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    entry = append(2)[0]
    change(f"UPDATE core_auditentry SET {column} = %s WHERE id = %s", value, entry.pk)  # noqa: S608  a fixed list
    assert found() == f"An entry that is not chained yet (id {entry.pk}) was changed."
    assert audit.chain() == 2
    assert f"Audit entry with id {entry.pk} was changed" in caplog.text
    entry.refresh_from_db()
    assert found() == f"Entry {entry.seq} was changed."


@pytest.mark.django_db
def test_an_entry_is_not_put_in_a_second_time() -> None:
    write()
    columns = "at, actor, action, target, subject, reason, details, stamp, previous_hash, hash"
    with pytest.raises(IntegrityError):
        change(f"INSERT INTO core_auditentry ({columns}) SELECT {columns} FROM core_auditentry")  # noqa: S608  a fixed list


@pytest.mark.django_db
def test_an_entry_taken_out_of_the_chain_is_missed() -> None:
    write(3)
    change("UPDATE core_auditentry SET seq = NULL WHERE seq = 2")
    audit.chain()
    assert found() == "Entry 2 is missing."


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
        lambda rows: rows.append([AuditEntry(seq=9)]),
        lambda rows: rows.append([rows.get()]),
        lambda rows: rows.update_or_create(action="test.write", defaults={"reason": "x"}),
    ],
)
@pytest.mark.parametrize("make", [append, write])
def test_the_code_offers_no_way_to_change_it(change: Any, make: Callable[[], object]) -> None:
    make()
    rows: QuerySet[AuditEntry] = AuditEntry.objects.all()
    with pytest.raises(TypeError):
        change(rows)


@pytest.mark.django_db
def test_a_place_in_the_chain_is_given_once() -> None:
    entry = write()[0]
    entry.seq = 7
    with pytest.raises(DatabaseError):
        AuditEntry.objects.place([entry])
    assert AuditEntry.objects.get().seq == 1


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
        audit.record(actor=other, action="test.write", target=f"accounts.User:{user.pk}")  # as it used to be written
        audit.record(actor=other, action="test.write", target=other, subject=other)
    audit.chain()
    found = AuditEntry.objects.filter(audit.entries_of(user)).order_by("pk")
    assert [entry.seq for entry in found] == [1, 2, 3, 4]
    assert {audit.shown_target(entry.target) for entry in found[2:]} == {f"accounts.User:{audit.pseudonym(user)}"}
    assert audit.shown_target("test.Thing:1") == "test.Thing:1"
    assert audit.verify() is None, "What was written stays as it was."


@pytest.mark.django_db
def test_an_entry_costs_one_statement(django_assert_num_queries: Any) -> None:
    with transaction.atomic(), django_assert_num_queries(1):
        audit.record(actor=None, action="test.write", target="x")


@pytest.mark.django_db
def test_many_entries_cost_one_statement(django_assert_num_queries: Any) -> None:
    user = UserFactory()
    events = (audit.Event(actor=user, action="test.write", target=f"test.Thing:{n}", details={"n": n}) for n in range(60))
    with transaction.atomic(), django_assert_num_queries(1):
        assert audit.record_many(events) == 60
    assert AuditEntry.objects.filter(actor=audit.pseudonym(user)).count() == 60
    assert audit.chain() == 60
    assert audit.verify() is None


@pytest.mark.django_db(transaction=True)
def test_many_entries_need_the_transaction_of_what_they_tell() -> None:
    with pytest.raises(transaction.TransactionManagementError):
        audit.record_many([audit.Event(actor=None, action="test.write", target="x")])


@pytest.mark.django_db
def test_a_chain_with_nothing_to_do_takes_no_lock(django_assert_num_queries: Any) -> None:
    write()
    with django_assert_num_queries(1):
        assert audit.chain() == 0


def test_the_pseudonyms_have_a_key_of_their_own() -> None:
    assert settings.AUDIT_KEY != settings.SECRET_KEY
