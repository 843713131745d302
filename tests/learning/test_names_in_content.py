"""All shipped content, for three companies: nobody else's name, nothing unreplaced, and French that elides."""

from __future__ import annotations

import html
import re
from collections.abc import Iterator
from typing import Any

import msgspec
import pytest
from django.conf import settings
from django.utils import translation

from apps.accounts.demo_organisation import ALCYON
from apps.accounts.organisation import Organisation, filled, forget
from apps.core.markdown import render_article
from apps.learning.importing import Problems, read_charters, read_courses

NAMES = {
    "Alcyon": Organisation(**ALCYON),
    "Mutuelle des Rives": Organisation(name_fr="Mutuelle des Rives", ai_desk_fr="la cellule IA", dpo_fr="le DPO"),
    "H&L <Group>": Organisation(name_fr="H&L <Group>"),
    "notre entreprise": Organisation(),
}


@pytest.fixture(scope="module")
def shipped() -> dict[str, list[tuple[str, bool]]]:
    """All texts that people see, by language, with whether each is an article."""
    problems = Problems(settings.CONTENT_DIR)
    courses = read_courses(settings.CONTENT_DIR / "courses", problems)
    charters = read_charters(settings.CONTENT_DIR / "charter", problems)
    assert [str(problem) for problem in problems.in_order()] == []
    found: dict[str, list[tuple[str, bool]]] = {"fr": [], "en": []}
    for language, texts in found.items():
        for course in courses:
            texts += ((text, "\n" in text) for text in _texts(msgspec.to_builtins(course.content), language))
        for charter in charters:
            texts += [(charter.titles[language], False), (charter.bodies[language], True)]
    return found


def _texts(value: Any, language: str) -> Iterator[str]:
    if isinstance(value, dict) and value.keys() == {"fr", "en"}:
        yield value[language]
    elif isinstance(value, dict | list | tuple):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from _texts(inner, language)


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize("name", NAMES)
def test_every_text_reads_well_under_any_name(name: str, language: str, shipped: dict[str, list[tuple[str, bool]]]) -> None:
    forget(in_favour_of=NAMES[name])
    with translation.override(language):
        said = [
            html.unescape(re.sub(r"<[^>]*>", "", render_article(text))) if article else filled(text)
            for text, article in shipped[language]
        ]
    whole = "\n".join(said)
    assert "{{" not in whole
    if name != "Alcyon":
        assert "Alcyon" not in whole
        assert "Horizon" not in whole
    shown = "our company" if (name, language) == ("notre entreprise", "en") else name
    assert whole.count(shown) > 30
    elided = name == "Alcyon"
    assert not re.search(rf"\b(?:de|que|le|la) {name}" if elided else rf"\b(?:d|qu)’{re.escape(name)}", whole)
    assert not re.search(r"\b(?:d|qu)’(?:d|qu)’|\b(?:de|à) le (?:DPO|guichet)|’’|’s’s", whole)


def test_a_sentence_never_begins_small_under_a_name_with_words_of_its_own(shipped: dict[str, list[tuple[str, bool]]]) -> None:
    forget(in_favour_of=Organisation())
    for language, small in (("fr", "notre entreprise|dans notre|le guichet"), ("en", "our company|the AI desk")):
        with translation.override(language):
            for text, article in shipped[language]:
                said = re.sub(r"<[^>]*>", "", render_article(text)) if article else filled(text)
                assert not re.search(rf"(?:^|[.!?…»”]\s+|[«“]\s?)(?:{small})", said, re.M), said
