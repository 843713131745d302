from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from apps.learning.content import LessonContent, Text

from .markdown import check_markdown
from .problems import Problems
from .reading import MAX_TITLE, Source, Unique, read_text

LANGUAGES = ("fr", "en")
_NAME = re.compile(r"(?P<stem>.+)\.(?P<language>fr|en)\.md")


@dataclass(frozen=True, slots=True)
class Page:
    """One lesson file."""

    path: Path
    id: str
    title: str
    minutes: int
    check: str | None
    practice: str | None
    body: str
    lines: dict[str, int]


@dataclass(frozen=True, slots=True)
class PlacedLesson:
    """A lesson, and the line of its French file to report problems at."""

    content: LessonContent
    path: Path
    lines: dict[str, int]


def split_front_matter(text: str, path: Path, problems: Problems) -> tuple[str, str, int] | None:
    """Return front matter, body, and the line on which the body starts; or None with a problem."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        problems.add(path, 1, "the file must start with front matter between two lines “---”")
        return None
    for number, line in enumerate(lines[1:], 2):
        if line.rstrip() == "---":
            return "\n".join(lines[1 : number - 1]), "\n".join(lines[number:]), number + 1
    problems.add(path, 1, "the front matter is never closed with “---”")
    return None


def read_module_lessons(folder: Path, ids: Unique, problems: Problems, *, at: tuple[Path, int]) -> list[PlacedLesson]:
    """Return the lessons of a module's folder in the order of their file names. `at`: where course.yaml names the folder."""
    if not folder.is_dir():
        problems.add(*at, f"there is no folder modules/{folder.name}")
        return []
    stems: dict[str, dict[str, Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        name = _NAME.fullmatch(path.name)
        if name is None:
            problems.add(path, 1, "a lesson's file is called <name>.fr.md or <name>.en.md; nothing else belongs here")
            continue
        stems.setdefault(name["stem"], {})[name["language"]] = path
    if not stems:
        problems.add(*at, f"modules/{folder.name} holds no lesson")
    lessons = []
    for stem in sorted(stems):
        lesson = _read_lesson(stems[stem], ids, problems)
        if lesson is not None:
            lessons.append(lesson)
    return lessons


def _read_lesson(files: dict[str, Path], ids: Unique, problems: Problems) -> PlacedLesson | None:
    for language in LANGUAGES:
        if language not in files:
            other = next(iter(files.values()))
            twin = f"{other.name.rsplit('.', 2)[0]}.{language}.md"
            problems.add(other, 1, f"the {'French' if language == 'fr' else 'English'} lesson {twin} is missing")
    pages = {language: page for language, path in files.items() if (page := _read_page(path, language, problems)) is not None}
    if len(pages) < len(LANGUAGES):
        return None
    french, english = pages["fr"], pages["en"]
    for key in ("id", "minutes", "check", "practice"):
        here, there = getattr(french, key), getattr(english, key)
        if here != there:
            line = english.lines.get(key, 1)
            problems.add(
                english.path, line, f"“{key}” is {there or 'missing'} here but {here or 'missing'} in {french.path.name}"
            )
    ids.note(french.id, french.path, french.lines.get("id", 1))
    content = LessonContent(
        id=french.id,
        minutes=french.minutes,
        title=Text(french.title, english.title),
        body=Text(french.body, english.body),
        check=french.check,
        practice=french.practice,
    )
    return PlacedLesson(content, french.path, french.lines)


def _read_page(path: Path, language: str, problems: Problems) -> Page | None:
    text = read_text(path, problems)
    parts = split_front_matter(text, path, problems) if text is not None else None
    if parts is None:
        return None
    front, body, first_line = parts
    source = Source(path, problems, offset=1)
    entry = source.compose(front)
    if entry is None:
        return None
    check, practice = entry.find("check"), entry.find("practice")
    page = Page(
        path=path,
        id=entry.identifier(),
        title=entry.shown("title", language=language, longest=MAX_TITLE),
        minutes=entry.integer("minutes", low=1, high=30),
        check=source.identifier(check, what="a question's id") if check is not None else None,
        practice=source.identifier(practice, what="an exercise's id") if practice is not None else None,
        body=body.strip("\n") + "\n",
        lines={key: source.line(node) for key in ("id", "minutes", "check", "practice") if (node := entry.find(key)) is not None},
    )
    entry.end()
    blank = len(body) - len(body.lstrip("\n")) if body.strip() else 0
    check_markdown(body.strip("\n"), language=language, path=path, first_line=first_line + blank, problems=problems)
    return page
