"""Each day that is over is sealed; a verification continues from the last seal it walked past."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.core.models import AuditEntry, AuditHead, AuditSeal
from tests.core.trail import change, found, write

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def days(*counts: int) -> None:
    """Write this many entries on each day from the first of March on, and seal the days."""
    with transaction.atomic():
        audit.record_many(
            audit.Event(actor=None, action="test.write", target=f"test.Thing:{n}", at=NOON + timedelta(days=day))
            for day, count in enumerate(counts)
            for n in range(count)
        )
    audit.chain()
    audit.seal_days()


def sealed() -> list[tuple[int, int | None, int]]:
    return [(seal.day.day, seal.seq, seal.entries) for seal in AuditSeal.objects.order_by("seq")]


@pytest.mark.django_db
def test_each_day_with_entries_is_sealed_once_it_is_over() -> None:
    days(2, 0, 3)
    assert sealed() == [(1, 2, 2), (3, 5, 3)]
    assert audit.seal_days() == 0
    write()  # today
    assert audit.seal_days() == 0
    assert audit.verify() is None


@pytest.mark.django_db
def test_who_comes_after_the_seal_of_their_day_belongs_to_the_next() -> None:
    days(2)
    days(1, 2)
    assert sealed() == [(1, 2, 2), (2, 5, 3)]
    assert audit.verify() is None


@pytest.mark.django_db
def test_a_verification_goes_on_where_it_stopped() -> None:
    began = timezone.now()
    days(3, 3, 3)
    assert audit.verify(verified_since=began) is None
    AuditSeal.objects.filter(day=date(2026, 3, 3)).update(verified_at=None)  # it got as far as the second day
    change("UPDATE core_auditentry SET reason = 'x' WHERE seq = 2")
    assert audit.verify(verified_since=began) is None, "The first day is not walked again."
    assert found() == "Entry 2 was changed.", "A full verification walks it."
    assert str(audit.verify(verified_since=timezone.now())) == "Entry 2 was changed.", "So does one that began later."
    change("UPDATE core_auditentry SET reason = 'x' WHERE seq = 8")
    AuditSeal.objects.filter(day=date(2026, 3, 3)).update(verified_at=None)
    assert str(audit.verify(verified_since=began)) == "Entry 8 was changed."


@pytest.mark.django_db
def test_a_seal_that_was_changed_or_made_up_is_noticed() -> None:
    began = timezone.now()
    days(3, 3)
    assert audit.verify() is None
    entry = AuditEntry.objects.get(seq=5)
    change("UPDATE core_auditseal SET seq = 5, hash = %s WHERE seq = 6", entry.hash)
    assert found() == "The seal after entry 5 was changed, or the trail before it."
    assert str(audit.verify(verified_since=began)) == found(), "It is not gone on from."


@pytest.mark.django_db
def test_a_verification_that_goes_on_needs_the_entry_it_goes_on_from() -> None:
    began = timezone.now()
    days(3)
    write()
    assert audit.verify() is None
    change("DELETE FROM core_auditentry WHERE seq = 3")
    assert str(audit.verify(verified_since=began)) == "The seal after entry 3 was changed, or the trail before it."


@pytest.mark.django_db
def test_a_tail_cut_off_with_its_head_is_noticed_by_its_seal() -> None:
    days(2, 2)
    change("DELETE FROM core_auditentry WHERE seq > 2")
    AuditHead.objects.update(seq=2, hash=AuditEntry.objects.get(seq=2).hash)
    assert found() == "The trail ends at entry 2, but 4 were written."


@pytest.mark.django_db
def test_a_kept_head_before_the_seal_is_still_asked_for() -> None:
    began = timezone.now()
    days(3)
    assert audit.verify() is None
    kept = AuditEntry.objects.get(seq=2)
    assert audit.verify(kept=(2, kept.hash), verified_since=began) is None
    assert "rewritten" in str(audit.verify(kept=(2, "f" * 64), verified_since=began))


@pytest.mark.django_db
def test_an_entry_removed_before_it_was_chained_leaves_its_number_unused() -> None:
    days(2)
    before = audit.unused_numbers()  # those that earlier tests used
    with transaction.atomic():
        audit.record_many(audit.Event(actor=None, action="test.write", target="x", at=NOON + timedelta(days=1)) for _ in range(3))
    change("DELETE FROM core_auditentry WHERE id = (SELECT max(id) - 1 FROM core_auditentry)")
    audit.chain()
    audit.seal_days()
    assert audit.unused_numbers() == before + 1
    assert audit.verify() is None
