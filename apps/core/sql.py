"""Statements written out, for the few that every page, socket command or turn runs.

The ORM takes ten times longer to put such a statement together than the database takes to run it. Each is held against the ORM
by a test. Everything else goes through the ORM.
"""

from __future__ import annotations

import uuid
from datetime import date, datetime
from typing import Any

from django.db import connection


def _plain(value: Any) -> Any:
    """Return `value` as the database's driver takes it."""
    if isinstance(value, uuid.UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    return value


def fetch(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run `statement`, whose placeholders are `%(name)s`, and return its rows.

    Identifiers come back as the driver has them (`as_uuid` reads them), bytes as bytes or memoryview.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {name: _plain(value) for name, value in values.items()})
        return cursor.fetchall()


def as_uuid(value: Any) -> uuid.UUID:
    """Return an identifier of a row that `fetch` returned."""
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)
