"""Texts that a model keeps in both languages of the portal."""

from __future__ import annotations

from typing import Any, Self, overload

from django.utils.translation import get_language


class Bilingual:
    """The text of `<name>_fr` and `<name>_en` in the active language: `title = Bilingual()` beside `title_fr` and `title_en`.

    Falls back to the other language. Read-only: each language is written under its own name.
    """

    def __set_name__(self, owner: type, name: str) -> None:
        self.french, self.english = f"{name}_fr", f"{name}_en"

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> str: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        if instance is None:
            return self
        first, second = (self.english, self.french) if get_language() == "en" else (self.french, self.english)
        return getattr(instance, first) or getattr(instance, second)

    def __set__(self, instance: object, value: str) -> None:
        raise AttributeError(f"Write {self.french} and {self.english}.")
