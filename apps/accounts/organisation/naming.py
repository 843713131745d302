"""A name within a sentence: the French little words before it, the English possessive after it."""

from __future__ import annotations

import re
from dataclasses import dataclass

from apps.core.text import folded

# An article is written in lower case, as in the middle of a sentence; “Le Conservateur” is a name that keeps its “Le”.
_ARTICLE = re.compile(r"(le|la|les) +(?=\S)|l[’'](?=\S)")
_THE = re.compile(r"the +(?=\S)")
_VOWELS = "aeiou"


def begins_with_a_vowel(name: str) -> bool:
    """Whether French elides before `name`: “d’Ondine”, “d’Harmonie”; but “de Rives”, “de HSBC” (letters that are spelled out)."""
    letters = folded(name).lstrip("\"'«»“”( ")
    return letters[:1] in set(_VOWELS) or (letters[:1] == "h" and letters[1:2] in set(_VOWELS + "y"))


def capitalised(text: str) -> str:
    """Return `text` as it begins a sentence; a name with a capital inside (“iRives”) stays as it is."""
    first = text.split(maxsplit=1)[0] if text.strip() else ""
    return text if first[1:] != first[1:].lower() and "’" not in first else text[:1].upper() + text[1:]


@dataclass(frozen=True, slots=True)
class FrenchName:
    """A name as it is in the middle of a French sentence, with its article if it has one.

    `elided`: whether “de” and “que” lose their e before it, if it has no article; None: the first letter decides.
    `within`: the words for “in” it, if they differ from those for “to” it.
    """

    text: str
    elided: bool | None = None
    within: str = ""

    def form(self, word: str) -> str:
        """Return the name after `word`: "" (nothing), de, que, à, dans, or label (the name without its article)."""
        found = _ARTICLE.match(self.text)
        article, bare = (found[0].strip().replace("'", "’"), self.text[found.end() :]) if found else ("", self.text)
        if word == "label":
            return bare
        if word == "dans":
            return self.within or self.form("à")
        if word in {"de", "à"} and article in {"le", "les"}:
            return {"de le": "du ", "de les": "des ", "à le": "au ", "à les": "aux "}[f"{word} {article}"] + bare
        elided = not article and (begins_with_a_vowel(bare) if self.elided is None else self.elided)
        if word in {"de", "que"} and elided:
            return f"{word[:-1]}’{self.text}"
        return f"{word} {self.text}" if word else self.text


@dataclass(frozen=True, slots=True)
class EnglishName:
    """A name as it is in the middle of an English sentence, with its “the” if it has one."""

    text: str

    def form(self, word: str) -> str:
        """Return the name in the form `word`: "" (nothing), ’s (the possessive), or label (the name without “the”)."""
        if word == "label":
            return _THE.sub("", self.text, count=1) if _THE.match(self.text) else self.text
        if word == "’s":
            return f"{self.text}’" if self.text[-1:] in {"s", "S"} else f"{self.text}’s"
        return self.text
