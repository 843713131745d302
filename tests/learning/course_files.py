"""A small, valid content folder on disk, for tests that break one thing in it."""

from __future__ import annotations

from pathlib import Path

COURSE = """\
id: tea
version: "1.0"
order: 1
training: tea
minutes: 10
valid_days: 365
title: {fr: "Le thé", en: "Tea"}
summary: {fr: "Résumé", en: "Summary"}
outcomes:
  - {fr: "Un", en: "One"}
  - {fr: "Deux", en: "Two"}
  - {fr: "Trois", en: "Three"}
quiz: {draw: 2, pass_mark: 50}
modules:
  - id: leaves
    folder: 01-leaves
    title: {fr: "Les feuilles", en: "Leaves"}
  - id: water
    folder: 02-water
    title: {fr: "L’eau", en: "Water"}
"""

QUESTIONS = """\
questions:
  - id: check-green
    module: leaves
    use: check
    kind: single
    prompt: {fr: "Vert ?", en: "Green?"}
    choices:
      - {id: a, correct: true, text: {fr: "Oui", en: "Yes"}, why: {fr: "Bien", en: "Good"}}
      - {id: b, text: {fr: "Non", en: "No"}, why: {fr: "Mal", en: "Bad"}}
      - {id: c, text: {fr: "Si", en: "If"}, why: {fr: "Mal", en: "Bad"}}
    explanation: {fr: "Parce que", en: "Because"}
  - id: q-leaf
    module: leaves
    use: quiz
    kind: multiple
    prompt: {fr: "Feuille ?", en: "Leaf?"}
    choices:
      - {id: a, correct: true, text: {fr: "Oui", en: "Yes"}, why: {fr: "Bien", en: "Good"}}
      - {id: b, correct: true, text: {fr: "Non", en: "No"}, why: {fr: "Bien", en: "Good"}}
      - {id: c, text: {fr: "Si", en: "If"}, why: {fr: "Mal", en: "Bad"}}
    explanation: {fr: "Parce que", en: "Because"}
  - id: q-water
    module: water
    use: quiz
    kind: classify
    prompt: {fr: "Eau ?", en: "Water?"}
    categories:
      - {id: hot, text: {fr: "Chaude", en: "Hot"}}
      - {id: cold, text: {fr: "Froide", en: "Cold"}}
    items:
      - {id: tea, category: hot, text: {fr: "Thé", en: "Tea"}, why: {fr: "Bien", en: "Good"}}
      - {id: iced, category: cold, text: {fr: "Glacé", en: "Iced"}, why: {fr: "Bien", en: "Good"}}
    explanation: {fr: "Parce que", en: "Because"}
"""

PRACTICE = """\
exercises:
  - id: pr-pour
    tries: 5
    task: {fr: "Versez", en: "Pour"}
    starter: {fr: "Verse", en: "Pour it"}
    look_for:
      - {fr: "Un", en: "One"}
      - {fr: "Deux", en: "Two"}
"""


def lesson(code: str, title: str, extra: str = "", body: str = "Some words.\n") -> str:
    return f'---\nid: {code}\ntitle: "{title}"\nminutes: 1\n{extra}---\n{body}'


FILES = {
    "course.yaml": COURSE,
    "questions.yaml": QUESTIONS,
    "practice.yaml": PRACTICE,
    "modules/01-leaves/01-green.fr.md": lesson("green", "Vert", "check: check-green\n"),
    "modules/01-leaves/01-green.en.md": lesson("green", "Green", "check: check-green\n"),
    "modules/02-water/01-hot.fr.md": lesson("hot", "Chaud", "practice: pr-pour\n", "Du texte.\n\n::: takeaway\nRetenez.\n:::\n"),
    "modules/02-water/01-hot.en.md": lesson("hot", "Hot", "practice: pr-pour\n", "Text.\n\n::: takeaway\nKeep.\n:::\n"),
}
CHARTER = '---\nversion: 1\ntitle: "{title}"\neffective_on: 2026-11-01\n---\nWords.\n'
REQUIREMENTS = """\
requirements:
  - capability: chat.use
    trainings:
      - {training: tea, major: 1}
    charter: true
"""


def write_course(folder: Path) -> Path:
    """Write the course `tea` into `folder` and return its own folder."""
    for name, text in FILES.items():
        path = folder / "tea" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return folder / "tea"


def write_content(folder: Path) -> Path:
    """Write a whole content folder: the course, a charter, requirements."""
    write_course(folder / "courses")
    (folder / "charter").mkdir()
    for language, title in (("fr", "Charte"), ("en", "Charter")):
        (folder / "charter" / f"1.{language}.md").write_text(CHARTER.format(title=title), encoding="utf-8")
    (folder / "requirements.yaml").write_text(REQUIREMENTS, encoding="utf-8")
    return folder


def change(path: Path, old: str, new: str) -> None:
    """Replace the one occurrence of `old` in `path`."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) >= 1, f"{path.name} does not say {old!r}"
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
