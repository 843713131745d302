from __future__ import annotations

import pytest

from apps.accounts.organisation.naming import EnglishName, FrenchName, begins_with_a_vowel, capitalised


@pytest.mark.parametrize(
    ("name", "de", "que", "to"),
    [
        ("Alcyon", "d’Alcyon", "qu’Alcyon", "à Alcyon"),
        ("Écureuil", "d’Écureuil", "qu’Écureuil", "à Écureuil"),
        ("Œuvre", "d’Œuvre", "qu’Œuvre", "à Œuvre"),
        ("Harmonie", "d’Harmonie", "qu’Harmonie", "à Harmonie"),
        ("H&L <Group>", "de H&L <Group>", "que H&L <Group>", "à H&L <Group>"),
        ("HSBC", "de HSBC", "que HSBC", "à HSBC"),
        ("Mutuelle des Rives", "de Mutuelle des Rives", "que Mutuelle des Rives", "à Mutuelle des Rives"),
        ("la Mutuelle des Rives", "de la Mutuelle des Rives", "que la Mutuelle des Rives", "à la Mutuelle des Rives"),
        ("le Groupe Alcyon", "du Groupe Alcyon", "que le Groupe Alcyon", "au Groupe Alcyon"),
        ("les Rives", "des Rives", "que les Rives", "aux Rives"),
        ("l’Alliance", "de l’Alliance", "que l’Alliance", "à l’Alliance"),
        ("l'Alliance", "de l'Alliance", "que l'Alliance", "à l'Alliance"),
        ("Le Conservateur", "de Le Conservateur", "que Le Conservateur", "à Le Conservateur"),
        ("lettres", "de lettres", "que lettres", "à lettres"),
    ],
)
def test_french_words_before_a_name(name: str, de: str, que: str, to: str) -> None:
    french = FrenchName(name)
    assert (french.form("de"), french.form("que"), french.form("à"), french.form("dans")) == (de, que, to, to)
    assert french.form("") == name


def test_staff_decide_about_an_h() -> None:
    assert FrenchName("Hiscox", elided=False).form("de") == "de Hiscox"
    assert FrenchName("Yves", elided=True).form("que") == "qu’Yves"
    assert FrenchName("la Halle", elided=True).form("de") == "de la Halle"  # only a name without an article is shortened to
    assert not begins_with_a_vowel("")


def test_a_label_has_no_article() -> None:
    assert [FrenchName(name).form("label") for name in ("le guichet IA", "l’aide", "Alcyon")] == ["guichet IA", "aide", "Alcyon"]
    assert [EnglishName(name).form("label") for name in ("the AI desk", "Themis")] == ["AI desk", "Themis"]


def test_english_possessives() -> None:
    assert [EnglishName(name).form("’s") for name in ("Alcyon", "Assurances", "AXIS")] == ["Alcyon’s", "Assurances’", "AXIS’"]


def test_a_sentence_begins_with_a_capital_and_a_brand_as_it_is_written() -> None:
    texts = ("notre entreprise", "d’Alcyon", "à la Mutuelle", "le guichet IA", "eBay", "iRives", "DPO", "")
    assert [capitalised(text) for text in texts] == [
        "Notre entreprise", "D’Alcyon", "À la Mutuelle", "Le guichet IA", "eBay", "iRives", "DPO", "",
    ]  # fmt: skip
