"""The content of a course, as read from its files: immutable, comparable, the same in a snapshot as in memory."""

from __future__ import annotations

import hashlib
from datetime import date
from typing import Any

import msgspec
from django.utils.translation import get_language

from apps.accounts.organisation import filled


class Text(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in both languages, stored with its variables. `str()` gives it in the active language, variables replaced."""

    fr: str
    en: str

    def __str__(self) -> str:
        return filled(self.en if get_language() == "en" else self.fr)


class Choice(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    text: Text
    why: Text
    correct: bool = False


class Category(msgspec.Struct, frozen=True):
    id: str
    text: Text


class Item(msgspec.Struct, frozen=True):
    """Something to put in a category."""

    id: str
    category: str
    text: Text
    why: Text


class QuestionContent(msgspec.Struct, frozen=True, omit_defaults=True):
    """A question: `choices` for single and multiple, `categories` and `items` for classify."""

    id: str
    module: str
    use: str
    kind: str
    prompt: Text
    explanation: Text
    choices: tuple[Choice, ...] = ()
    categories: tuple[Category, ...] = ()
    items: tuple[Item, ...] = ()


class ExerciseContent(msgspec.Struct, frozen=True, omit_defaults=True):
    """An exercise of the practice bench."""

    id: str
    tries: int
    task: Text
    starter: Text
    look_for: tuple[Text, ...]
    material: Text | None = None


class LessonContent(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    minutes: int
    title: Text
    body: Text
    check: str | None = None
    practice: str | None = None


class ModuleContent(msgspec.Struct, frozen=True):
    id: str
    title: Text
    lessons: tuple[LessonContent, ...]


class CourseContent(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    major: int
    minor: int
    order: int
    training: str
    minutes: int
    title: Text
    summary: Text
    outcomes: tuple[Text, ...]
    draw: int
    pass_mark: int
    modules: tuple[ModuleContent, ...]
    questions: tuple[QuestionContent, ...]
    exercises: tuple[ExerciseContent, ...] = ()
    valid_days: int | None = None
    redo_by: date | None = None
    reviewed_on: date | None = None
    reviewed_by: Text | None = None
    review_due: date | None = None

    @property
    def version(self) -> str:
        return f"{self.major}.{self.minor}"

    @property
    def lessons(self) -> tuple[LessonContent, ...]:
        return tuple(lesson for module in self.modules for lesson in module.lessons)


def to_json(content: msgspec.Struct) -> Any:
    """Return `content` as JSON values, as snapshots store it."""
    return msgspec.to_builtins(content)


def digest(content: msgspec.Struct) -> str:
    """Return a hash that two contents share exactly when they are the same."""
    return hashlib.sha256(msgspec.json.encode(content, order="sorted")).hexdigest()


# May change without a new version, as texts may.
REVIEW = ("reviewed_on", "reviewed_by", "review_due")
WORDING = {"minutes", "minor", *REVIEW}


def skeleton(content: msgspec.Struct) -> Any:
    """Return `content` without its texts: what must not change without a new version."""

    def bare(value: Any) -> Any:
        if isinstance(value, dict):
            if value.keys() == {"fr", "en"}:
                return None
            return {key: bare(entry) for key, entry in value.items() if key not in WORDING}
        if isinstance(value, list | tuple):
            return [bare(entry) for entry in value]
        return value

    return bare(msgspec.to_builtins(content))
