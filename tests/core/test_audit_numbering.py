"""Entries removed before they are chained are noticed by means of those that the same process writes after them."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone, translation

from apps.core import audit
from apps.core.audit.numbering import Writer, writer
from apps.core.ids import uuid7
from apps.core.models import AuditEntry
from tests.core.trail import append, change, found, write

pytestmark = pytest.mark.django_db(transaction=True)


def remove(*entries: AuditEntry) -> None:
    for entry in entries:
        change("DELETE FROM core_auditentry WHERE id = %s", entry.pk)


def test_a_tail_removed_before_it_was_chained_is_missed_by_the_next_entry() -> None:
    write(2)
    remove(*append(3))
    audit.chain()
    assert audit.verify() is None, "Nothing tells of them yet."
    (after,) = write()
    assert found() == f"Entry {after.seq} says that entries were written before it; missing: 3."


def test_one_that_was_removed_between_others_is_missed() -> None:
    append()
    (removed,) = append()
    append()
    remove(removed)
    audit.chain()
    assert found() == "Entry 2 says that entries were written before it; missing: 1."
    with translation.override("fr"):
        assert audit.read_problem(found()) == str(audit.verify())


@pytest.mark.parametrize("change_to", ["seq = -1", "stamp = 'x.1.y:' || stamp", "stamp = NULL, seq = -1"])
def test_one_that_was_hidden_is_missed(change_to: str) -> None:
    (hidden,) = append()
    change(f"UPDATE core_auditentry SET {change_to} WHERE id = %s", hidden.pk)  # noqa: S608  a fixed list
    write()
    assert found()


def test_what_was_rolled_back_is_not_missed() -> None:
    append(2)
    with transaction.atomic():
        audit.record_many(audit.Event(actor=None, action="test.write", target="x") for _ in range(5))
        transaction.set_rollback(True)
    with transaction.atomic():
        append()  # in a savepoint that is kept
        with transaction.atomic():
            append()  # in one that is rolled back
            transaction.set_rollback(True)
    write()
    assert audit.verify() is None
    assert AuditEntry.objects.count() == 4


def test_many_at_once_vouch_for_those_before_them() -> None:
    with transaction.atomic():
        audit.record_many(audit.Event(actor=None, action="test.write", target="x") for _ in range(5))
    change("DELETE FROM core_auditentry WHERE id = (SELECT max(id) FROM core_auditentry)")
    write()
    assert found() == "Entry 5 says that entries were written before it; missing: 1."


def test_one_that_waits_is_not_missed() -> None:
    """It came before those that are chained, and was not chained with them: its transaction ended later."""
    (late,) = append()
    change("UPDATE core_auditentry SET seq = -1 WHERE id = %s", late.pk)  # the job does not see it
    write()
    change("UPDATE core_auditentry SET seq = NULL WHERE id = %s", late.pk)
    assert audit.verify() is None
    audit.chain()
    assert audit.verify() is None


def test_a_verification_that_goes_on_counts_what_it_did_not_walk_again() -> None:
    began = timezone.now()
    for days, count in ((2, 3), (1, 1)):
        at = timezone.now() - timedelta(days=days)
        with transaction.atomic():
            audit.record_many(audit.Event(actor=None, action="test.write", target="x", at=at) for _ in range(count))
        audit.chain()
    audit.seal_days()
    assert audit.verify(verified_since=began) is None
    write(2)
    assert audit.verify(verified_since=began) is None
    remove(*append())
    (after,) = write()
    assert f"Entry {after.seq} says" in str(audit.verify(verified_since=began))


def test_each_process_counts_its_own() -> None:
    write(3)
    writer.begin()  # what a fork does
    (first, *_rest) = write(2)
    assert str(first.stamp).partition(":")[0].endswith(".1.0")
    assert audit.verify() is None


def test_threads_of_a_process_share_one_count() -> None:
    names: list[str] = []
    one = Writer()

    def take() -> None:
        names.extend(one.next_name() for _ in range(200))
        connection.close()

    threads = [threading.Thread(target=take) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(names)) == 800


def test_entries_from_before_they_were_numbered_say_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(writer, "next_name", lambda: uuid7().hex)
    write(2)
    assert audit.verify() is None
