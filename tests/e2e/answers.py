"""The right answers according to the question banks of the courses."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml
from django.utils import translation

from apps.accounts.demo_organisation import ALCYON
from apps.accounts.organisation import Organisation, filled, forget

COURSES = Path(__file__).resolve().parents[2] / "content" / "courses"


@dataclass(frozen=True)
class Known:
    """The right answer to one question: texts of choices, or the category of each item."""

    choices: frozenset[str] = frozenset()
    categories: dict[str, str] = field(default_factory=dict)


def plain(text: str) -> str:
    """Return `text` as a browser shows it: one space between words, whatever the spaces."""
    return " ".join(text.replace("\u00a0", " ").replace("\u202f", " ").split())


def read_banks(language: str, company: Organisation | None = None) -> dict[str, Known]:
    """Return what is right by the question's text in `language`, as `company` says it: the demo's insurer, or another."""
    forget(in_favour_of=company or Organisation(**ALCYON))
    with translation.override(language):
        return _read_banks(language)


def _read_banks(language: str) -> dict[str, Known]:
    known: dict[str, Known] = {}
    for bank in sorted(COURSES.glob("*/questions.yaml")):
        for question in yaml.safe_load(bank.read_text())["questions"]:
            known[plain(filled(question["prompt"][language]))] = _known(question, language)
    return known


def _known(question: dict[str, Any], language: str) -> Known:
    if question["kind"] == "classify":
        names = {category["id"]: plain(filled(category["text"][language])) for category in question["categories"]}
        return Known(categories={plain(filled(item["text"][language])): names[item["category"]] for item in question["items"]})
    right = [plain(filled(choice["text"][language])) for choice in question["choices"] if choice.get("correct")]
    return Known(choices=frozenset(right))
