"""Statements built once, for the few that every page, socket command or turn runs.

The ORM takes ten times longer to build such a statement than the database takes to run it. These are derived from the models
and compared with the ORM by tests/core/test_sql.py. Everything else goes through the ORM: these send no signals,
know no relations, and take no expressions.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, tzinfo
from functools import cache, partial
from itertools import islice
from typing import Any, TypeVar

from django.db import connection, connections, models
from django.db.backends.base.base import BaseDatabaseWrapper

from .missing import NotThere

M = TypeVar("M", bound=models.Model)
T = TypeVar("T")
Convert = Callable[[Any], Any]
BATCH = 5000  # rows held in memory at once


def _plain(value: Any) -> Any:
    """Return `value` as the database driver accepts it."""
    if isinstance(value, uuid.UUID):
        return value if connection.features.has_native_uuid_field else value.hex
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    if isinstance(value, date):
        return connection.ops.adapt_datefield_value(value)
    return value


def as_uuid(value: Any) -> uuid.UUID:
    """Return an identifier of a row that `fetch` returned."""
    return value if isinstance(value, uuid.UUID) else uuid.UUID(value)


def as_moment(value: Any) -> Any:
    """Return a moment of a row that `fetch` returned; None stays None."""
    if value is None:
        return None
    moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
    return moment if moment.tzinfo else moment.replace(tzinfo=connections[connection.alias].timezone or UTC)


def partly(model: type[M], values: dict[str, Any]) -> M:
    """Return a row of `model` of which `fetch` returned these fields; other fields are read when they are accessed."""
    names = [name for field in model._meta.concrete_fields if (name := field.attname) in values]
    return model.from_db(connection.alias, names, [values[name] for name in names])


def fetch(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """Run `statement`, whose placeholders are `%(name)s`, and return its rows.

    Identifiers and moments come back as the driver returns them (`as_uuid` and `as_moment` convert them), bytes as bytes or
    memoryview.
    """
    with connection.cursor() as cursor:
        cursor.execute(statement, {name: _plain(value) for name, value in values.items()})
        rows: list[tuple[Any, ...]] = cursor.fetchall()
    return rows


def get(model: type[M], *, lock: bool = False, **where: Any) -> M:
    """Return the one row of `model` whose fields have these values. `lock`: lock it until the transaction ends.

    Raises NotThere.
    """
    lock = lock and connection.features.has_select_for_update
    statement, names, conversions = _selection(model, connection.vendor, tuple(where), lock)
    with connection.cursor() as cursor:
        cursor.execute(statement, _values(model, where))
        row = cursor.fetchone()
    if row is None:
        raise NotThere
    values = list(row)
    for place, convert in conversions:
        values[place] = convert(values[place])
    return model.from_db(connection.alias, names, values)


def insert(instance: models.Model) -> None:
    """Write `instance` as a new row. Its key must be set. Raises IntegrityError."""
    statement, fields = _insertion(type(instance), connection.vendor)
    values = [field.get_db_prep_save(getattr(instance, field.attname), connection) for field in fields]
    with connection.cursor() as cursor:
        cursor.execute(statement, values)
    instance._state.adding, instance._state.db = False, connection.alias


def insert_many(model: type[models.Model], names: Sequence[str], rows: Iterable[Sequence[Any]]) -> int:
    """Write one row for each of `rows`, which hold the values of the fields `names` in that order; return how many.

    Other fields take their default, computed anew for each row if it is callable. Takes a tenth of the time of `bulk_create`: for
    hundreds of thousands of rows. Raises IntegrityError.
    """
    given = [_field(model, name) for name in names]
    drawn = [field for field in model._meta.concrete_fields if field not in given and not isinstance(field, models.AutoField)]
    fields = [*given, *drawn]
    columns, places = ", ".join(map(_column, fields)), ", ".join(["%s"] * len(fields))
    statement = " ".join(["INSERT INTO", _table(model), f"({columns}) VALUES ({places})"])
    here = connections[connection.alias]  # else the proxy would be asked once for each value
    prepare = [(place, convert) for place, field in enumerate(fields) if (convert := _preparation(field, here)) is not None]

    def values() -> Iterator[list[Any]]:
        for row in rows:
            values = [*row, *[field.get_default() for field in drawn]]
            for place, convert in prepare:
                values[place] = convert(values[place])
            yield values

    count = 0
    with connection.cursor() as cursor:
        for some in batched(values(), BATCH):
            cursor.executemany(statement, some)
            count += len(some)
    return count


def _preparation(field: models.Field[Any, Any], here: BaseDatabaseWrapper) -> Convert | None:
    """Return what converts a value of `field` to one that the driver of `here` accepts; None if no conversion is needed."""
    target = field.target_field if isinstance(field, models.ForeignKey) else field
    if isinstance(target, models.UUIDField):
        return None if here.features.has_native_uuid_field else _hex
    if isinstance(target, models.DateTimeField):
        if here.vendor == "sqlite":
            return partial(_as_text, here.timezone or UTC)
        return here.ops.adapt_datetimefield_value
    if isinstance(target, models.JSONField):
        return _Remembered(partial(_prepared, field, here))
    if isinstance(target, models.CharField | models.TextField | models.IntegerField | models.BooleanField | models.BinaryField):
        return None
    return partial(_prepared, field, here)


def _hex(value: uuid.UUID | None) -> str | None:
    return None if value is None else value.hex


def _as_text(zone: tzinfo, value: datetime | None) -> str | None:
    """Return what SQLite stores: the text of the moment in the database's time zone, which it does not name."""
    return None if value is None else value.astimezone(zone).replace(tzinfo=None).isoformat(" ")


class _Remembered:
    """Converts a value that many rows share (the same object) only once."""

    MOST = 2000

    def __init__(self, convert: Convert) -> None:
        self._convert = convert
        self._known: dict[int, tuple[Any, Any]] = {}  # the value is kept, so its id is not reused

    def __call__(self, value: Any) -> Any:
        known = self._known.get(id(value))
        if known is None:
            if len(self._known) >= self.MOST:
                self._known.clear()
            known = self._known[id(value)] = value, self._convert(value)
        return known[1]


def _prepared(field: models.Field[Any, Any], here: BaseDatabaseWrapper, value: Any) -> Any:
    return field.get_db_prep_save(value, here)


def batched(entries: Iterable[T], size: int) -> Iterator[list[T]]:
    """Yield `entries` in lists of `size`, the last one shorter."""
    rest = iter(entries)
    while some := list(islice(rest, size)):
        yield some


def update(model: type[models.Model], where: dict[str, Any], **values: Any) -> int:
    """Set the fields of the rows of `model` that `where` describes to these values; return how many rows there were."""
    statement = _change(model, connection.vendor, tuple(where), tuple(values))
    with connection.cursor() as cursor:
        cursor.execute(statement, [*_values(model, values), *_values(model, where)])
        return int(cursor.rowcount)


def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field), f"{name} is no field of the table."
    return field


def _values(model: type[models.Model], given: dict[str, Any]) -> list[Any]:
    return [_field(model, name).get_db_prep_save(value, connection) for name, value in given.items()]


def _table(model: type[models.Model]) -> str:
    return connection.ops.quote_name(model._meta.db_table)


def _column(field: models.Field[Any, Any]) -> str:
    assert field.column is not None
    return connection.ops.quote_name(field.column)


def _assignments(model: type[models.Model], names: Sequence[str], between: str) -> str:
    return between.join(f"{_column(_field(model, name))} = %s" for name in names)


@cache
def _selection(
    model: type[models.Model], vendor: str, where: tuple[str, ...], lock: bool
) -> tuple[str, list[str], list[tuple[int, Convert]]]:
    """Return the statement, the names of its parameters, and what converts each column of the row to Python's value."""
    fields = model._meta.concrete_fields
    columns = ", ".join(_column(field) for field in fields)
    parts = ["SELECT", columns, "FROM", _table(model), "WHERE", _assignments(model, where, " AND ")]
    if lock:
        parts.append(connection.ops.for_update_sql())
    conversions: list[tuple[int, Convert]] = []
    for place, field in enumerate(fields):
        column = field.get_col(model._meta.db_table)
        for convert in [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]:
            conversions.append((place, _bound(convert, column)))
    return " ".join(parts), [field.attname for field in fields], conversions


def _bound(convert: Callable[..., Any], column: Any) -> Convert:
    return lambda value: convert(value, column, connection)


@cache
def _insertion(model: type[models.Model], vendor: str) -> tuple[str, list[models.Field[Any, Any]]]:
    fields = list(model._meta.concrete_fields)
    columns, places = ", ".join(map(_column, fields)), ", ".join(["%s"] * len(fields))
    return " ".join(["INSERT INTO", _table(model), f"({columns}) VALUES ({places})"]), fields


@cache
def _change(model: type[models.Model], vendor: str, where: tuple[str, ...], names: tuple[str, ...]) -> str:
    changes, conditions = _assignments(model, names, ", "), _assignments(model, where, " AND ")
    return " ".join(["UPDATE", _table(model), "SET", changes, "WHERE", conditions])
