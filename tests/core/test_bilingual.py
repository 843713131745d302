"""One text in two languages."""

from __future__ import annotations

import pytest
from django.utils import translation

from apps.core.bilingual import Bilingual


class Thing:
    title = Bilingual()

    def __init__(self, french: str, english: str) -> None:
        self.title_fr, self.title_en = french, english


@pytest.mark.parametrize(("language", "title"), [("fr", "Titre"), ("en", "Title"), ("de", "Titre"), (None, "Titre")])
def test_the_language_in_force_decides(language: str | None, title: str) -> None:
    with translation.override(language) if language else translation.override(None):
        assert Thing("Titre", "Title").title == title


def test_the_other_language_rather_than_nothing() -> None:
    with translation.override("en"):
        assert Thing("Titre", "").title == "Titre"
    with translation.override("fr"):
        assert Thing("", "Title").title == "Title"


def test_each_language_is_written_under_its_own_name() -> None:
    with pytest.raises(AttributeError, match="title_fr and title_en"):
        Thing("Titre", "Title").title = "Autre"
