"""Every way a course file can be wrong is reported with its file, its line and the reason, all at once."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from django.conf import settings

from apps.core.markdown import render_article
from apps.learning.content import Text
from apps.learning.importing import Problems, compare, read_charters, read_courses, read_requirements
from apps.learning.importing.markdown import check_markdown
from apps.learning.realdata import find_real_data

from .course_files import CHARTER, change, lesson, write_content, write_course

GREEN_FR, GREEN_EN = "modules/01-leaves/01-green.fr.md", "modules/01-leaves/01-green.en.md"
HOT_FR = "modules/02-water/01-hot.fr.md"
BANK = "questions.yaml"
QUIZ_CLASSIFY, CHECK_CLASSIFY = "    use: quiz\n    kind: classify", "    use: check\n    kind: classify"


def problems_in(folder: Path) -> list[str]:
    problems = Problems(folder)
    read_courses(folder, problems)
    return [str(problem).removeprefix("tea/") for problem in problems.in_order()]


REVIEW = 'reviewed_on: 2027-01-01\nreviewed_by: {{fr: "le juridique", en: "legal"}}\nreview_due: {}\n'


def test_a_review_is_read(tmp_path: Path) -> None:
    write_course(tmp_path)
    file = tmp_path / "tea" / "course.yaml"
    file.write_text(file.read_text() + REVIEW.format("2027-07-01"))
    problems = Problems(tmp_path)
    (parsed,) = read_courses(tmp_path, problems)
    assert problems.in_order() == []
    content = parsed.content
    assert (content.reviewed_on, content.review_due) == (date(2027, 1, 1), date(2027, 7, 1))
    assert content.reviewed_by == Text("le juridique", "legal")


def test_a_good_course_is_read_whole(tmp_path: Path) -> None:
    write_course(tmp_path)
    problems = Problems(tmp_path)
    (parsed,) = read_courses(tmp_path, problems)
    assert problems.in_order() == []
    content = parsed.content
    assert (content.id, content.version, content.order, content.valid_days) == ("tea", "1.0", 1, 365)
    assert [lesson.id for lesson in content.lessons] == ["green", "hot"]
    assert content.lessons[0].check == "check-green"
    assert content.lessons[1].practice == "pr-pour"
    assert content.lessons[0].title.fr == "Vert"
    assert [question.kind for question in content.questions] == ["single", "multiple", "classify"]


@pytest.mark.parametrize(
    ("file", "old", "new", "expected"),
    [
        # course.yaml
        ("course.yaml", "minutes: 10", "minutes: 10\ncolour: red", "course.yaml:6: unknown key “colour”"),
        ("course.yaml", "training: tea\n", "", "course.yaml:1: the key “training” is missing"),
        ("course.yaml", "order: 1\n", "order: 1\nreview_due: 2027-01-01\n", "course.yaml:4: a review has all of: reviewed_on"),
        ("course.yaml", "order: 1\n", f"order: 1\n{REVIEW.format('2027-01-01')}", "course.yaml:6: the next review comes after"),
        ("course.yaml", "order: 1\n", f"order: 1\n{REVIEW.format('soon')}", "course.yaml:6: expected a date"),
        ("course.yaml", 'version: "1.0"', "version: 1.0", "course.yaml:2: expected the version here (put it in quotes)"),
        ("course.yaml", 'version: "1.0"', 'version: "1"', "course.yaml:2: a version is written"),
        ("course.yaml", "id: tea", "id: coffee", "course.yaml:1: the course “coffee” must lie in a folder of that name"),
        ("course.yaml", "id: tea", "id: Tea Time", "course.yaml:1: “Tea Time” is not a valid id"),
        ("course.yaml", 'en: "Tea"', "", "course.yaml:7: the English text is missing"),
        ("course.yaml", 'fr: "Le thé"', 'fr: ""', "course.yaml:7: A text is empty"),
        ("course.yaml", 'fr: "Le thé"', f'fr: "{"x" * 161}"', "course.yaml:7: longer than 160 characters"),
        ("course.yaml", '  - {fr: "Trois", en: "Three"}\n', "", "course.yaml:10: 3 to 5 outcomes expected, 2 found"),
        ("course.yaml", "pass_mark: 50", "pass_mark: 101", "course.yaml:13: expected a whole number from 1 to 100"),
        ("course.yaml", "draw: 2", "draw: 3", "course.yaml:13: 3 questions are drawn but the bank holds 2"),
        ("course.yaml", "draw: 2", "draw: two", "course.yaml:13: expected a whole number from 1 to 100"),
        ("course.yaml", "id: water", "id: leaves", "course.yaml:18: the module id “leaves” is used twice (first in line 15)"),
        ("course.yaml", "folder: 02-water", "folder: 01-leaves", "course.yaml:18: the folder id “01-leaves” is used twice"),
        ("course.yaml", "folder: 02-water", "folder: 02-milk", "course.yaml:18: there is no folder modules/02-milk"),
        ("course.yaml", "folder: 02-water", "folder: 02-milk", "modules/02-water:1: no module of course.yaml names this folder"),
        ("course.yaml", "minutes: 10", "minutes: 10\nminutes: 12", "course.yaml:6: the key “minutes” is there twice"),
        ("course.yaml", "minutes: 10", "minutes: 10\nredo_by: soon", "course.yaml:6: expected a date, as in 2027-01-31"),
        ("course.yaml", "quiz: {draw", "quiz: {draw: 2, draw", "course.yaml:13: the key “draw” is there twice"),
        ("course.yaml", "quiz: {", "quiz: [", "course.yaml:13: not valid YAML"),
        ("course.yaml", "outcomes:\n", "outcomes: none\nothers:\n", "course.yaml:9: expected a list of outcomes"),
        # questions.yaml
        (BANK, "id: q-leaf", "id: check-green", "questions.yaml:12: the question id “check-green” is used twice"),
        (BANK, "kind: single", "kind: guess", "questions.yaml:5: “guess” is not one of: single, multiple, classify"),
        (BANK, "use: check", "use: exam", "questions.yaml:4: “exam” is not one of: quiz, check"),
        (BANK, "module: water", "module: milk", "questions.yaml:23: there is no module “milk” in course.yaml"),
        (BANK, "{id: a, correct: true,", "{id: a,", "questions.yaml:2: exactly one choice must be correct, 0 are"),
        (BANK, "{id: b, text", "{id: b, correct: true, text", "questions.yaml:2: exactly one choice must be correct, 2 are"),
        (BANK, "correct: true", "correct: perhaps", "questions.yaml:8: expected true or false"),
        (BANK, "{id: b, text", "{id: a, text", "questions.yaml:9: the choice id “a” is used twice"),
        (BANK, "{id: b, text", "{id: no, text", "questions.yaml:9: expected a valid id here (put it in quotes)"),
        (BANK, ', why: {fr: "Mal", en: "Bad"}', "", "questions.yaml:9: the key “why” is missing"),
        (BANK, ', why: {fr: "Mal", en: "Bad"}', ', why: {fr: "Mal"}', "questions.yaml:9: the English text is missing"),
        (BANK, "category: cold", "category: warm", "questions.yaml:32: there is no category “warm” in this question"),
        (BANK, "{id: iced", "{id: tea", "questions.yaml:32: the item id “tea” is used twice"),
        (BANK, "{id: cold", "{id: hot", "questions.yaml:29: the category id “hot” is used twice"),
        (BANK, "kind: multiple", "kind: classify", "questions.yaml:12: the key “categories” is missing"),
        (BANK, "kind: multiple", "kind: classify", "questions.yaml:17: unknown key “choices”"),
        (BANK, "id: check-green", "id: check-black", f"{GREEN_FR}:5: there is no check “check-green” in questions.yaml"),
        (BANK, "id: check-green", "id: check-black", "questions.yaml:2: no lesson uses “check-black”"),
        (BANK, "use: check", "use: quiz", f"{GREEN_FR}:5: “check-green” is a quiz question"),
        (BANK, QUIZ_CLASSIFY, CHECK_CLASSIFY, "questions.yaml:22: no lesson uses “q-water”"),
        # practice.yaml
        ("practice.yaml", "tries: 5", "tries: 500", "practice.yaml:3: expected a whole number from 1 to 20"),
        ("practice.yaml", '      - {fr: "Deux", en: "Two"}\n', "", "practice.yaml:7: 2 to 4 look_for expected, 1 found"),
        ("practice.yaml", "id: pr-pour", "id: pr-stir", f"{HOT_FR}:5: there is no practice “pr-pour” in practice.yaml"),
        ("practice.yaml", "id: pr-pour", "id: pr-stir", "practice.yaml:2: no lesson uses “pr-stir”"),
        # lessons
        (GREEN_FR, "id: green", "id: greens", f"{GREEN_EN}:2: “id” is green here but greens in 01-green.fr.md"),
        (GREEN_FR, "check: check-green\n", "", f"{GREEN_EN}:5: “check” is check-green here but missing in 01-green.fr.md"),
        (GREEN_FR, "minutes: 1", "minutes: none", f"{GREEN_FR}:4: expected a whole number from 1 to 30"),
        (GREEN_FR, "minutes: 1", "minutes: 1\nauthor: me", f"{GREEN_FR}:5: unknown key “author”"),
        (GREEN_FR, "---\nSome words.", "Some words.", f"{GREEN_FR}:1: the front matter is never closed"),
        (GREEN_FR, "---\nid", "id", f"{GREEN_FR}:1: the file must start with front matter"),
        (GREEN_FR, "Some words.", "", f"{GREEN_FR}:7: the text is empty"),
        (GREEN_FR, "Some words.", "Words.\n\n<b>bold</b>", f"{GREEN_FR}:9: raw HTML is not allowed"),
        (GREEN_FR, "Some words.", "Words.\n\n<script>x()</script>", f"{GREEN_FR}:9: raw HTML is not allowed"),
        (GREEN_FR, "Some words.", "![a cup](https://example.org/cup.png)", f"{GREEN_FR}:7: images are not allowed in lessons"),
        (GREEN_FR, "Some words.", "[here](../other.html)", f"{GREEN_FR}:7: a link must start with https://"),
        (GREEN_FR, "Some words.", "[here](http://example.org)", f"{GREEN_FR}:7: a link must start with https://"),
        (GREEN_FR, "Some words.", "# Title\n\nWords.", f"{GREEN_FR}:7: the title is the screen's only first-level heading"),
        (GREEN_FR, "Some words.", "Words.\n\n```\ncode", f"{GREEN_FR}:9: a code block is never closed"),
        (GREEN_FR, "Some words.", "1. Words.\n\n   ~~~ sh\n   code\n\nWords.", f"{GREEN_FR}:9: a code block is never closed"),
        (GREEN_FR, "Some words.", "::: tip\nWords.\n:::", f"{GREEN_FR}:7: unknown call-out “tip”"),
        (HOT_FR, "Retenez.\n:::", "Retenez.", f"{HOT_FR}:9: the call-out “takeaway” is never closed"),
        (HOT_FR, "::: takeaway\n", "", f"{HOT_FR}:10: “:::” closes a call-out that was never opened"),
        (HOT_FR, "Retenez.", "::: warning\nRetenez.", f"{HOT_FR}:10: call-out “warning” opens inside “takeaway” (line 9)"),
    ],
)  # fmt: skip
def test_a_broken_file_is_told_with_its_line(tmp_path: Path, file: str, old: str, new: str, expected: str) -> None:
    folder = write_course(tmp_path)
    change(folder / file, old, new)
    found = problems_in(tmp_path)
    assert any(line.startswith(expected) for line in found), found


def test_problems_of_all_files_come_at_once(tmp_path: Path) -> None:
    folder = write_course(tmp_path)
    change(folder / "course.yaml", "minutes: 10", "minutes: 10\ncolour: red")
    change(folder / "questions.yaml", "kind: single", "kind: guess")
    change(folder / "practice.yaml", "tries: 5", "tries: 0")
    change(folder / GREEN_FR, "minutes: 1", "minutes: 0")
    files = {line.split(":")[0] for line in problems_in(tmp_path)}
    assert files >= {"course.yaml", "questions.yaml", "practice.yaml", GREEN_FR}


def test_a_lesson_in_one_language_only(tmp_path: Path) -> None:
    (write_course(tmp_path) / GREEN_EN).unlink()
    assert f"{GREEN_FR}:1: the English lesson 01-green.en.md is missing" in problems_in(tmp_path)


def test_a_file_that_does_not_belong_there(tmp_path: Path) -> None:
    folder = write_course(tmp_path)
    (folder / "modules/01-leaves/notes.txt").write_text("x")
    (folder / "todo.md").write_text("x")
    found = problems_in(tmp_path)
    assert any(line.startswith("modules/01-leaves/notes.txt:1: a lesson's file is called") for line in found)
    assert any(line.startswith("todo.md:1: unknown file in a course") for line in found)


def test_a_lesson_id_used_in_two_modules(tmp_path: Path) -> None:
    folder = write_course(tmp_path)
    for language, title in (("fr", "Vert"), ("en", "Green")):
        (folder / f"modules/02-water/02-again.{language}.md").write_text(lesson("green", title))
    (line,) = problems_in(tmp_path)
    assert line == "modules/02-water/02-again.fr.md:2: the lesson id “green” is used twice (first in 01-green.fr.md:2)"


def test_a_check_asked_in_two_lessons(tmp_path: Path) -> None:
    folder = write_course(tmp_path)
    for language in ("fr", "en"):
        (folder / f"modules/02-water/02-again.{language}.md").write_text(lesson("again", "Again", "check: check-green\n"))
    (line,) = problems_in(tmp_path)
    assert line.endswith("“check-green” belongs to lesson “green” already")


def test_a_module_without_a_quiz_question(tmp_path: Path) -> None:
    folder = write_course(tmp_path)
    change(folder / "questions.yaml", "module: water", "module: leaves")
    assert problems_in(tmp_path) == ["course.yaml:15: module “water” has no quiz question, but the draw is spread over modules"]


@pytest.mark.parametrize("name", ["course.yaml", "questions.yaml"])
def test_a_missing_file(tmp_path: Path, name: str) -> None:
    (write_course(tmp_path) / name).unlink()
    assert any(line.startswith(f"{name}:1: the file is missing") for line in problems_in(tmp_path))


def test_a_file_that_is_not_utf8_names_the_line(tmp_path: Path) -> None:
    path = write_course(tmp_path) / GREEN_FR
    path.write_bytes(path.read_bytes().replace(b"Some words.", b"Words\nth\xe9"))
    assert f"{GREEN_FR}:8: the file is not UTF-8" in problems_in(tmp_path)


def test_an_empty_file_and_an_empty_folder(tmp_path: Path) -> None:
    assert problems_in(tmp_path) == [".:1: there is no course here"]
    (write_course(tmp_path) / "questions.yaml").write_text("")
    assert "questions.yaml:1: the file is empty" in problems_in(tmp_path)


def test_what_looks_like_markup_inside_code_is_left_alone(tmp_path: Path) -> None:
    folder = write_course(tmp_path)
    change(folder / GREEN_FR, "Some words.", "```\n<b>\n::: tip\n```\n\nUse `<b>`.")
    assert problems_in(tmp_path) == []


def test_charter_files(tmp_path: Path) -> None:
    folder = write_content(tmp_path) / "charter"
    (folder / "2.fr.md").write_text(CHARTER.format(title="Charte"))
    (folder / "notes.txt").write_text("x")
    change(folder / "1.en.md", "2026-11-01", "2026-12-01")
    problems = Problems(folder)
    read_charters(folder, problems)
    assert [str(problem) for problem in problems.in_order()] == [
        "1.en.md:1: effective_on differs from 1.fr.md",
        "2.fr.md:1: charter 2 is missing in English",
        "2.fr.md:2: the version must be 2, as in the file's name",
        "notes.txt:1: a charter's file is called <version>.fr.md or <version>.en.md",
    ]


def test_requirements_file(tmp_path: Path) -> None:
    path = write_content(tmp_path) / "requirements.yaml"
    path.write_text(
        "requirements:\n  - capability: chat.fly\n    trainings:\n      - {training: milk, major: 1}\n"
        "  - capability: chat.use\n    trainings: []\n"
    )
    problems = Problems(tmp_path)
    read_requirements(path, {"tea"}, problems)
    assert [str(problem) for problem in problems.in_order()] == [
        "requirements.yaml:2: no app declares the capability “chat.fly”",
        "requirements.yaml:4: no course proves the training “milk”",
        "requirements.yaml:5: “chat.use” asks for nothing: name a training or the charter",
    ]


@pytest.fixture(scope="module")
def shipped() -> list[object]:
    problems = Problems(settings.CONTENT_DIR)
    courses = read_courses(settings.CONTENT_DIR / "courses", problems)
    assert [str(problem) for problem in problems.in_order()] == []
    return [parsed.content for parsed in courses]


def test_the_shipped_courses(shipped: list[object]) -> None:
    from apps.learning.content import CourseContent

    courses = [course for course in shipped if isinstance(course, CourseContent)]
    assert [course.id for course in courses] == ["understanding-ai", "asking-well", "safe-and-fair"]
    for course in courses:
        assert 30 <= course.minutes <= 45
        assert 4 <= len(course.modules) <= 6
        assert sum(question.use == "quiz" for question in course.questions) >= 2 * course.draw
        for piece in course.lessons:
            for words in (piece.body.fr, piece.body.en):
                assert ":::" not in render_article(words)
        for exercise in course.exercises:
            # Material that we provide for pasting must not be refused as real data, nor fill the whole prompt.
            for given in (exercise.material, exercise.starter):
                for words in (given.fr, given.en) if given else ():
                    assert find_real_data(words) == []
                    assert len(words) < 1500


def test_what_lessons_may_hold_is_no_problem(tmp_path: Path) -> None:
    body = (
        "~~old~~ new, \\(a<b>c\\)\n\n| a |\n|---|\n| b<br>c<br/> |\n\n\\[\n<i> = 1\n\\]\n\n"
        "::: example\n```text\n::: warning\n<b>\n:::\n```\n:::"
    )
    problems = Problems(tmp_path)
    check_markdown(body, language="en", path=tmp_path / "lesson.md", first_line=1, problems=problems)
    assert [str(problem) for problem in problems.in_order()] == []


def test_the_difference_says_what_is_new(tmp_path: Path) -> None:
    write_course(tmp_path)
    (parsed,) = read_courses(tmp_path, Problems(tmp_path))
    assert str(compare(None, parsed.content)).splitlines() == [
        "tea 1.0 (new)",
        "  + course with 2 modules, 2 lessons, 3 questions",
    ]
    assert "nothing changes" in str(compare(parsed.content, parsed.content))
