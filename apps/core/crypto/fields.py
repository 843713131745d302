"""A column for text that is stored encrypted."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, overload

from django.db import models
from django.db.models.query_utils import DeferredAttribute

from .sealing import Seal

if TYPE_CHECKING:
    Bytes = models.BinaryField[Any, bytes | None]
else:
    Bytes = models.BinaryField


class SealedAttribute(DeferredAttribute):
    """What the class of a model has under the name of a `SealedText` field."""

    field: SealedText

    def close(self, seal: Seal, text: str, *, key: object) -> bytes:
        """Return `text` as it is stored in the row `key`."""
        return seal.close(text, **self.field.place, key=key) if text else b""

    def open(self, seal: Seal, stored: bytes | memoryview | None, *, key: object) -> str:
        """Return the text that is stored in the row `key`. Raises Tampered."""
        return seal.open(stored, **self.field.place, key=key) if stored else ""

    def write(self, instance: models.Model, seal: Seal, text: str) -> None:
        """Set the text on `instance`, whose key is known; does not save it."""
        setattr(instance, self.field.attname, self.close(seal, text, key=instance.pk))

    def read(self, instance: models.Model, seal: Seal) -> str:
        """Return the text of `instance`. Raises Tampered."""
        return self.open(seal, getattr(instance, self.field.attname), key=instance.pk)


class SealedText(Bytes):
    """Text that is stored encrypted, each value bound to its table, its column and the primary key of its row.

    On an instance the attribute is the stored bytes; the class attribute reads and writes it:

        Message.text.write(message, seal, "Hello")
        Message.text.read(message, seal)

    Empty text is stored as nothing at all: the fact that a value is empty is not protected.
    A column keeps the place it was first written under: if its table or column is renamed, `place` must name the old one.
    """

    descriptor_class = SealedAttribute

    def __init__(self, *args: Any, place: tuple[str, str] | None = None, **options: Any) -> None:
        self.given_place = place
        super().__init__(*args, **options)

    def deconstruct(self) -> tuple[str, str, list[Any], dict[str, Any]]:
        # To the database it is bytes: migrations name Django's field, so they do not depend on where ours is.
        name, _path, arguments, options = super().deconstruct()
        return name, "django.db.models.BinaryField", list(arguments), options

    @property
    def place(self) -> dict[str, str]:
        """What a value is bound to, besides the key of its row: `table` and `column`."""
        table, column = self.given_place or (self.model._meta.db_table, str(self.column))
        return {"table": table, "column": column}

    if TYPE_CHECKING:

        @overload
        def __get__(self, instance: None, owner: Any) -> SealedAttribute: ...
        @overload
        def __get__(self, instance: models.Model, owner: Any) -> bytes: ...
        @overload
        def __get__(self, instance: Any, owner: Any) -> Self: ...
        def __get__(self, instance: Any, owner: Any) -> Any: ...
