"""What publishing would change, and whether the version number allows it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from apps.learning.content import (
    REVIEW,
    CourseContent,
    ExerciseContent,
    LessonContent,
    ModuleContent,
    QuestionContent,
    digest,
    skeleton,
)

Entry = TypeVar("Entry", LessonContent, ModuleContent, QuestionContent, ExerciseContent)


@dataclass(slots=True)
class Difference:
    """`lines` tell people what changes; `refusal` says why the version number does not allow it (empty: it does)."""

    course: str
    before: str | None
    after: str
    lines: list[str] = field(default_factory=list)
    refusal: str = ""

    @property
    def changes(self) -> bool:
        return bool(self.lines)

    def __str__(self) -> str:
        heading = f"{self.course} {self.after} (new)" if self.before is None else f"{self.course} {self.before} → {self.after}"
        return "\n".join([heading, *(f"  {line}" for line in self.lines)] if self.lines else [f"{heading}: nothing changes"])


def compare(old: CourseContent | None, new: CourseContent) -> Difference:
    """Return what publishing `new` over `old` (None: nothing is published yet) would change."""
    if old is None:
        counts = f"{len(new.modules)} modules, {len(new.lessons)} lessons, {len(new.questions)} questions"
        return Difference(new.id, None, new.version, [f"+ course with {counts}"])
    difference = Difference(new.id, old.version, new.version)
    lines = difference.lines
    lines += _changes("module", old.modules, new.modules, ignore_parts=True)
    lines += _changes("lesson", old.lessons, new.lessons)
    lines += _changes("question", old.questions, new.questions)
    lines += _changes("exercise", old.exercises, new.exercises)
    places_before = [(module.id, lesson.id) for module in old.modules for lesson in module.lessons]
    places_after = [(module.id, lesson.id) for module in new.modules for lesson in module.lessons]
    if places_before != places_after and set(places_before) & set(places_after):
        lines.append("~ order of the lessons")
    for name in (
        "title",
        "summary",
        "outcomes",
        "minutes",
        "draw",
        "pass_mark",
        "valid_days",
        "redo_by",
        *REVIEW,
        "training",
        "order",
    ):
        if getattr(old, name) != getattr(new, name):
            lines.append(f"~ {name}")
    if (old.major, old.minor) != (new.major, new.minor):
        lines.append(f"~ version {old.version} → {new.version}")
    difference.refusal = _refusal(old, new)
    return difference


def _changes(kind: str, old: Iterable[Entry], new: Iterable[Entry], *, ignore_parts: bool = False) -> list[str]:
    before, after = {entry.id: entry for entry in old}, {entry.id: entry for entry in new}
    lines = [f"+ {kind} {code}" for code in after if code not in before]
    for code, entry in after.items():
        if code not in before:
            continue
        same = before[code] == entry
        if ignore_parts and isinstance(entry, ModuleContent):
            earlier = before[code]
            same = isinstance(earlier, ModuleContent) and earlier.title == entry.title
        if not same:
            lines.append(f"~ {kind} {code}")
    lines += [f"- {kind} {code} (what learners did stays on record)" for code in before if code not in after]
    return lines


def _refusal(old: CourseContent, new: CourseContent) -> str:
    if digest(old) == digest(new):
        return ""
    if (new.major, new.minor) < (old.major, old.minor):
        return f"version {old.version} is published: {new.version} would go back"
    if new.major > old.major + 1:
        return f"version {old.version} is published: the next major version is {old.major + 1}.0"
    if new.major > old.major and new.redo_by is None:
        return "a new major version asks learners to take the course again: say by when with “redo_by: YYYY-MM-DD”"
    if (new.major, new.minor) == (old.major, old.minor) and skeleton(old) != skeleton(new):
        return (
            f"version {old.version} is published, and more than its wording changes: raise the version "
            f"to {old.major}.{old.minor + 1} (completion is kept) or {old.major + 1}.0 (to be taken again)"
        )
    return ""
