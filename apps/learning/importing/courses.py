from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from apps.learning.content import REVIEW, CourseContent, ExerciseContent, ModuleContent, QuestionContent, Text
from apps.learning.enums import QuestionUse

from .lessons import PlacedLesson, read_module_lessons
from .practice import read_exercises
from .problems import Problems
from .questions import read_questions
from .reading import MAX_TITLE, Fields, Source, Unique, read_text

# Part of every source hash: raise it when the reader reads something differently, and everything is read again.
READER = "2"
_VERSION = re.compile(r"([1-9]\d{0,2})\.(\d{1,3})")
KNOWN_FILES = {"course.yaml", "questions.yaml", "practice.yaml", "modules"}


@dataclass(frozen=True, slots=True)
class ParsedCourse:
    """What a course folder contains. `version_at`: where its version is written, for problems found later."""

    content: CourseContent
    source_hash: str
    version_at: tuple[Path, int]


def source_hash(folder: Path) -> str:
    """Return the hash of all files of a course, without parsing them."""
    digest = hashlib.sha256(READER.encode())
    for path in sorted(folder.rglob("*")):
        if path.is_file() and not path.name.startswith("."):
            digest.update(str(path.relative_to(folder)).encode() + b"\0")
            digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def course_folders(path: Path) -> list[Path]:
    """Return the course folders at `path`: itself, or those in it."""
    if (path / "course.yaml").exists():
        return [path]
    return sorted(folder for folder in path.iterdir() if folder.is_dir() and not folder.name.startswith("."))


def read_courses(path: Path, problems: Problems, *, known: frozenset[str] = frozenset()) -> list[ParsedCourse]:
    """Return the courses at `path` in their order. Folders whose source hash is in `known` are left out: they are unchanged."""
    if not path.is_dir():
        problems.add(path, 1, "there is no such folder")
        return []
    folders = course_folders(path)
    if not folders:
        problems.add(path, 1, "there is no course here")
    ids = Unique(Source(path, problems), "course")
    courses = []
    for folder in folders:
        mark = source_hash(folder)
        if mark in known:
            continue
        course = _read_course(folder, mark, problems)
        if course is not None:
            ids.note(course.content.id, *course.version_at)
            courses.append(course)
    return sorted(courses, key=lambda course: (course.content.order, course.content.id))


def _read_course(folder: Path, mark: str, problems: Problems) -> ParsedCourse | None:
    path = folder / "course.yaml"
    text = read_text(path, problems)
    source = Source(path, problems)
    top = source.compose(text) if text is not None else None
    if top is None:
        return None
    for other in sorted(folder.iterdir()):
        if other.name not in KNOWN_FILES and not other.name.startswith("."):
            problems.add(other, 1, f"unknown file in a course (known: {', '.join(sorted(KNOWN_FILES))})")
    before = len(problems)
    major, minor = _read_version(source, top)
    valid_days, redo_by = top.find("valid_days"), top.find("redo_by")
    version_node = top.find("version")
    code = top.identifier()
    if code and code != folder.name:
        source.complain(top.find("id"), f"the course “{code}” must lie in a folder of that name, not in “{folder.name}”")
    order = top.integer("order", low=1, high=1000)
    training = top.identifier("training")
    minutes = top.integer("minutes", low=1, high=600)
    title, summary = top.translated("title", longest=MAX_TITLE), top.translated("summary")
    outcomes = tuple(source.translated(line, longest=300) for line in top.listed("outcomes", low=3, high=5))
    draw, pass_mark = _read_quiz(source, top)
    reviewed_on, reviewed_by, review_due = _read_review(source, top)
    modules, placed = _read_modules(folder, source, top, problems)
    questions = read_questions(folder / "questions.yaml", {module.id for module in modules}, problems)
    exercises = read_exercises(folder / "practice.yaml", problems)
    top.end()
    content = CourseContent(
        id=code,
        major=major,
        minor=minor,
        order=order,
        training=training,
        minutes=minutes,
        title=title,
        summary=summary,
        outcomes=outcomes,
        draw=draw,
        pass_mark=pass_mark,
        modules=modules,
        questions=questions,
        exercises=exercises,
        valid_days=source.integer(valid_days, low=1, high=36500) if valid_days is not None else None,
        redo_by=source.day(redo_by) if redo_by is not None else None,
        reviewed_on=reviewed_on,
        reviewed_by=reviewed_by,
        review_due=review_due,
    )
    if date.min in {content.redo_by, content.reviewed_on, content.review_due}:
        return None
    _check_links(content, placed, questions, exercises, folder, problems)
    if len(problems) == before:
        _check_quiz(content, source, top)
    return ParsedCourse(content, mark, (path, source.line(version_node)))


def _read_version(source: Source, top: Fields) -> tuple[int, int]:
    node = top.take("version")
    if node is None:
        return 1, 0
    found = _VERSION.fullmatch(source.text(node, what="the version"))
    if found is None:
        source.complain(node, 'a version is written "major.minor", as in "1.0"')
        return 1, 0
    return int(found[1]), int(found[2])


def _read_quiz(source: Source, top: Fields) -> tuple[int, int]:
    node = top.take("quiz")
    entry = source.fields(node) if node is not None else None
    if entry is None:
        return 1, 100
    draw, pass_mark = entry.integer("draw", low=1, high=100), entry.integer("pass_mark", low=1, high=100)
    entry.end()
    return draw, pass_mark


def _read_review(source: Source, top: Fields) -> tuple[date | None, Text | None, date | None]:
    """Return when a course was last reviewed, by whom, and when it must be reviewed again: all three or none."""
    nodes = [top.find(name) for name in REVIEW]
    if not any(nodes):
        return None, None, None
    on, by, due = nodes
    if on is None or by is None or due is None:
        source.complain(next(node for node in nodes if node is not None), f"a review has all of: {', '.join(REVIEW)}")
        return None, None, None
    reviewed_on, review_due = source.day(on), source.day(due)
    if date.min != review_due <= reviewed_on:
        source.complain(due, "the next review comes after the last one")
    return reviewed_on, source.translated(by, longest=MAX_TITLE), review_due


def _read_modules(
    folder: Path, source: Source, top: Fields, problems: Problems
) -> tuple[tuple[ModuleContent, ...], list[PlacedLesson]]:
    module_ids, folder_names, lesson_ids = Unique(source, "module"), Unique(source, "folder"), Unique(source, "lesson")
    modules, placed = [], []
    for node in top.listed("modules", low=1, high=30):
        entry = source.fields(node)
        if entry is None:
            continue
        code, name = entry.identifier(), entry.identifier("folder")
        title = entry.translated("title", longest=MAX_TITLE)
        entry.end()
        at = (source.path, source.line(node))
        module_ids.note(code, *at)
        if not folder_names.note(name, *at):
            continue
        lessons = read_module_lessons(folder / "modules" / name, lesson_ids, problems, at=at)
        placed.extend(lessons)
        modules.append(ModuleContent(id=code, title=title, lessons=tuple(lesson.content for lesson in lessons)))
    if (folder / "modules").is_dir():
        for other in sorted((folder / "modules").iterdir()):
            if other.name not in folder_names and not other.name.startswith("."):
                problems.add(other, 1, "no module of course.yaml names this folder")
    return tuple(modules), placed


def _check_links(
    content: CourseContent,
    placed: list[PlacedLesson],
    questions: tuple[QuestionContent, ...],
    exercises: tuple[ExerciseContent, ...],
    folder: Path,
    problems: Problems,
) -> None:
    """Check that lessons name existing checks and exercises, and that each of these is named by one lesson."""
    checks = {question.id for question in questions if question.use == QuestionUse.CHECK}
    quiz = {question.id for question in questions if question.use == QuestionUse.QUIZ}
    known_exercises = {exercise.id for exercise in exercises}
    used: dict[str, str] = {}
    for lesson in placed:
        for key, value, known in (
            ("check", lesson.content.check, checks),
            ("practice", lesson.content.practice, known_exercises),
        ):
            if value is None:
                continue
            line = lesson.lines.get(key, 1)
            if value in quiz and key == "check":
                problems.add(lesson.path, line, f"“{value}” is a quiz question: a check has “use: check”")
            elif value not in known:
                where = "questions.yaml" if key == "check" else "practice.yaml"
                problems.add(lesson.path, line, f"there is no {key} “{value}” in {where}")
            elif value in used:
                problems.add(lesson.path, line, f"“{value}” belongs to lesson “{used[value]}” already")
            used.setdefault(value, lesson.content.id)
    for name, ids in (("questions.yaml", checks), ("practice.yaml", known_exercises)):
        for lost in sorted(ids - used.keys()):
            problems.add(folder / name, _line_of(folder / name, lost), f"no lesson uses “{lost}”")


def _check_quiz(content: CourseContent, source: Source, top: Fields) -> None:
    quiz = [question for question in content.questions if question.use == QuestionUse.QUIZ]
    if len(quiz) < content.draw:
        source.complain(top.find("quiz"), f"{content.draw} questions are drawn but the bank holds {len(quiz)}")
    for module in content.modules:
        if not any(question.module == module.id for question in quiz):
            source.complain(
                top.find("modules"), f"module “{module.id}” has no quiz question, but the draw is spread over modules"
            )


def _line_of(path: Path, code: str) -> int:
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except (OSError, UnicodeDecodeError):
        return 1
    pattern = re.compile(rf"""\s*-?\s*id:\s*["']?{re.escape(code)}["']?\s*$""")
    return next((number for number, line in enumerate(lines, 1) if pattern.match(line)), 1)
