"""Emptying the tables after a test that really commits.

Django truncates every table and then has all apps write their permissions and roles again: a fifth of a second on SQLite, two
seconds on PostgreSQL. Here only existing rows are deleted, and what no test changes stays.
"""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connections, transaction
from django.test import TransactionTestCase

# Written once, when the tables are created.
KEPT = ["django_content_type", "auth_permission", "auth_group", "auth_group_permissions"]

_first: dict[str, list[int]] = {}
_emptied: dict[str, list[str]] = {}


def _state(connection: Any) -> list[int]:
    """Return what shows whether the kept tables are unchanged."""
    counts = []
    with connection.cursor() as cursor:
        for table in KEPT:
            cursor.execute(f"SELECT COUNT(*), COALESCE(MAX(id), 0) FROM {table}")  # noqa: S608  a fixed list
            counts += list(cursor.fetchone())
    return counts


def remember() -> None:
    """Note what is there. Called when the tables have just been created."""
    for connection in connections.all():
        _first[connection.alias] = _state(connection)
        tables = connection.introspection.django_table_names(only_existing=True, include_views=False)
        _emptied[connection.alias] = sorted(set(tables) - {*KEPT, "django_migrations"})


def _empty(connection: Any) -> None:
    quote = connection.ops.quote_name
    tables = _emptied[connection.alias]
    one_each = " UNION ALL ".join(f"SELECT '{table}' WHERE EXISTS (SELECT 1 FROM {quote(table)})" for table in tables)  # noqa: S608
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute(one_each)
        # In any order: foreign keys are checked when the transaction ends.
        for (table,) in cursor.fetchall():
            cursor.execute(f"DELETE FROM {quote(table)}")  # noqa: S608


def install(patch: pytest.MonkeyPatch) -> None:
    django_teardown = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]

    def teardown(self: TransactionTestCase) -> None:
        for connection in connections.all():
            if _state(connection) != _first[connection.alias]:
                django_teardown(self)  # this test did change them: the slow way
                remember()
                return
            _empty(connection)

    patch.setattr(TransactionTestCase, "_fixture_teardown", teardown)
