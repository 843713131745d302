"""Writing to the trail, and writing to its tables as somebody other than Almia would."""

from __future__ import annotations

from django.db import connection, transaction

from apps.core import audit
from apps.core.models import AuditEntry


def append(count: int = 1) -> list[AuditEntry]:
    """Entries that wait for their place in the chain."""
    with transaction.atomic():
        return [audit.record(actor=None, action="test.write", target=f"test.Thing:{n}", details={"n": n}) for n in range(count)]


def write(count: int = 1) -> list[AuditEntry]:
    """Entries that have their place in the chain."""
    entries = append(count)
    audit.chain()
    return list(AuditEntry.objects.filter(pk__in=[entry.pk for entry in entries]).order_by("seq"))


def change(statement: str, *values: str | int | None) -> None:
    """What somebody does who can write to the database."""
    with connection.cursor() as cursor:
        cursor.execute(statement, values)


def found() -> str:
    """What a verification finds, as the trail would record it."""
    problem = audit.verify()
    return problem.written if problem else ""
