from __future__ import annotations

from pathlib import Path

import pytest

from apps.learning.importing import Problems, read_charters, read_courses

from .course_files import change, lesson, write_course


def problems_of(root: Path) -> list[str]:
    problems = Problems(root)
    read_courses(root, problems)
    return [str(problem) for problem in problems.in_order()]


@pytest.mark.parametrize(
    ("body", "line", "said"),
    [
        ("Words\non {{organisaton}}.\n", 8, "there is no variable “{{organisaton}}” (known: organisation, short_name, ai_desk"),
        ("{{de organisation}}\n", 7, "in English a variable takes “label”, or ’s behind it, not “de”"),
        ("See {{approved_tools}}.\n", 7, "“{{approved_tools}}” stands alone on its line"),
        ("See {{organisation}.\n", 7, "“{{” opens a variable that is not closed"),
        ("[here](https://x.example/{{organisation}})\n", 7, "a variable cannot stand in the address of a link"),
        ("{{label organisation’s}}\n", 7, "there is no variable"),
        ("{{ORGANISATION}}\n", 7, "there is no variable"),
    ],
)
def test_a_lesson_with_a_variable_that_is_none_is_refused(tmp_path: Path, body: str, line: int, said: str) -> None:
    write_course(tmp_path)
    path = next(tmp_path.rglob("01-*.en.md"))
    path.write_text(lesson("green", "Green", "check: check-green\n", body))
    found = [problem for problem in problems_of(tmp_path) if "01-" in problem]
    assert any(f".en.md:{line}: " in problem and said in problem for problem in found), found


def test_variables_braces_and_code_are_no_problem(tmp_path: Path) -> None:
    write_course(tmp_path)
    path = next(tmp_path.rglob("01-*.en.md"))
    body = "{{Organisation’s}} {{label dpo}} \\{{name}} `{{name}}` {a} \\({{a}}\\)\n\n{{contacts}}\n\n```text\n{{name}}\n```\n"
    path.write_text(path.read_text() + "\n" + body)
    assert problems_of(tmp_path) == []


def test_plain_texts_and_titles_are_checked_in_their_language(tmp_path: Path) -> None:
    course = write_course(tmp_path) / "course.yaml"
    change(course, 'fr: "Le thé"', 'fr: "Le thé {{organisation’s}}"')
    change(course, 'en: "Summary"', 'en: "{{x}}"')
    found = problems_of(tmp_path)
    assert len(found) == 2
    said = "“{{organisation’s}}”: in French a variable takes “de”, “que”, “à”, “dans”, “label”, not “’s”"
    assert found[0].endswith(f"course.yaml:7: {said}")
    assert "course.yaml:8: there is no variable “{{x}}”" in found[1]


def test_a_block_of_lines_names_the_line(tmp_path: Path) -> None:
    course = write_course(tmp_path) / "course.yaml"
    change(course, 'summary: {fr: "Résumé", en: "Summary"}', 'summary:\n  fr: "Résumé"\n  en: |\n    One\n    {{x}}')
    assert [problem.split(": ")[0].rsplit(":", 1)[1] for problem in problems_of(tmp_path)] == ["12"]


def test_the_charter_is_checked_too(tmp_path: Path) -> None:
    for language in ("fr", "en"):
        head = '---\nversion: 1\ntitle: "{{nobody}}"\neffective_on: 2026-01-01\n---\n'
        (tmp_path / f"1.{language}.md").write_text(f"{head}{{{{nothing}}}}\n")
    problems = Problems(tmp_path)
    read_charters(tmp_path, problems)
    assert [(problem.file, problem.line) for problem in problems.in_order()] == [
        ("1.en.md", 3), ("1.en.md", 6), ("1.fr.md", 3), ("1.fr.md", 6),
    ]  # fmt: skip
