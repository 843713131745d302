"""A trail from before entries were chained in batches is taken over: every hash as it was, and still verified."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connections, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.executor import MigrationExecutor

from apps.core import audit
from apps.core.audit import digests
from apps.core.models import AuditEntry, AuditHead

SCHEMA = "before"
AT = datetime(2026, 1, 5, 23, 59, 59, 123456, tzinfo=UTC)
PERSON = "0190b6a6-0000-7000-8000-000000000001"


@pytest.fixture
def elsewhere(db: None, settings: Any, tmp_path: Path) -> Iterator[BaseDatabaseWrapper]:
    """An empty database instead of the suite's: a file, or a schema of its own."""
    settings.MIGRATION_MODULES = {}  # the suite on SQLite creates its tables without it
    given = connections["default"]
    place: dict[str, Any] = {"NAME": str(tmp_path / "before.sqlite3")}
    if given.vendor == "postgresql":
        place = {"OPTIONS": {"options": f"-c search_path={SCHEMA}"}}
    other = type(given)({**given.settings_dict, **place}, "default")
    connections["default"] = other
    try:
        if given.vendor == "postgresql":
            with other.cursor() as cursor:
                cursor.execute(f"CREATE SCHEMA {SCHEMA}")
        yield other
    finally:
        if given.vendor == "postgresql":
            with other.cursor() as cursor:
                cursor.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
        other.close()
        connections["default"] = given


def old_entries(count: int) -> list[dict[str, Any]]:
    """Entries as they were written then."""
    rows, previous = [], "0" * 64
    for seq in range(1, count + 1):
        row: dict[str, Any] = {
            "seq": seq, "at": AT + timedelta(hours=10 * seq), "actor": "system", "action": "test.write",
            "target": f"accounts.User:{PERSON}" if seq == 1 else f"test.Thing:{seq}", "subject": "", "reason": "déjà écrit",
            "details": {"n": seq, "a": ["é", None]}, "previous_hash": previous,
        }  # fmt: skip
        body = [value.isoformat() if name == "at" else value for name, value in row.items()]
        row["hash"] = previous = hashlib.sha256(json.dumps(body, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
        rows.append(row)
    return rows


@pytest.mark.django_db
def test_an_existing_trail_is_taken_over(elsewhere: BaseDatabaseWrapper) -> None:
    before = MigrationExecutor(elsewhere).migrate([("core", "0003_outbox_started")]).apps
    rows = old_entries(5)
    entry = before.get_model("core", "AuditEntry")
    entry.objects.bulk_create([entry(**row) for row in rows])
    before.get_model("core", "AuditHead").objects.create(id=1, seq=5, hash=rows[-1]["hash"])
    MigrationExecutor(elsewhere).migrate([("core", "0004_audit_chained_in_batches")])

    taken = AuditEntry.objects.order_by("seq").values_list("pk", "seq", "hash", "stamp")
    assert list(taken) == [(row["seq"], row["seq"], row["hash"], None) for row in rows]
    assert audit.verify(kept=(3, rows[2]["hash"])) is None
    with transaction.atomic():
        further = audit.record(actor=None, action="test.write", target="x")
    assert further.pk == 6, "Keys go on from where they were."
    assert audit.chain() == 1
    assert audit.seal_days() == 3
    assert audit.head()[0] == 6
    assert audit.verify(kept=(5, rows[4]["hash"])) is None

    # From here on, an entry without a stamp was not written by Almia.
    with elsewhere.cursor() as cursor:
        cursor.execute("UPDATE core_auditentry SET stamp = NULL WHERE seq = 6")
    made_up = AuditEntry.objects.get(seq=6)
    with elsewhere.cursor() as cursor:
        cursor.execute("UPDATE core_auditentry SET hash = %s WHERE seq = 6", [digests.hash_of(made_up)])
    AuditHead.objects.update(hash=digests.hash_of(made_up))
    assert str(audit.verify()) == "Entry 6 was changed."
