"""The list of variables that texts may contain, and what is wrong with a text that contains another."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# The names that occur in sentences, and what each is.
WORDS = {
    "organisation": "what the company is called",
    "short_name": "its short name, for tables and labels",
    "ai_desk": "whom one asks about AI",
    "dpo": "who looks after personal data",
    "security": "whom one tells of a danger",
    "product_health": "a health product for examples",
    "product_pension": "a pension product for examples",
    "product_savings": "a savings product for examples",
    "intranet": "where one reads on; a link in a lesson",
    "charter_help": "where the charter is explained; a link in a lesson",
}
# What stands alone on its line, in a lesson or the charter: nothing is shown while staff have entered nothing.
BLOCKS = {
    "approved_tools": "a table of the approved tools and the data classes each may receive",
    "contacts": "how the AI desk, the data protection officer and security are reached",
}
FRENCH, ENGLISH = ("de", "que", "à", "dans", "label"), ("label",)

# As in Markdown, a backslash before the braces shows them as they are.
VARIABLE = re.compile(r"(\\)?\{\{([^{}\n]*)\}\}")
_OPENING = re.compile(r"(\\)?\{\{(?:([^{}\n]*)\}\})?")
_EXPRESSION = re.compile(r"(?:(\w+) )?(\w+?)([’']s)?")


@dataclass(frozen=True, slots=True)
class Expression:
    """What is between the braces: a variable, the little word before it or ’s after it, capitalised or not."""

    name: str
    word: str = ""
    capital: bool = False


def read(text: str) -> Expression | None:
    """Return what `text` (between the braces) asks for; None if it is not written like a variable."""
    found = _EXPRESSION.fullmatch(text)
    if found is None:
        return None
    before, name, behind = found[1] or "", found[2], "’s" if found[3] else ""
    if before and behind:
        return None
    capital = text[:1].isupper()
    if capital and before:
        before = before[:1].lower() + before[1:]
    elif capital:
        name = name[:1].lower() + name[1:]
    return Expression(name, before or behind, capital)


def problem_with(text: str, language: str) -> str:
    """Return what is wrong with the words `{{text}}` in a text in `language`, as a sentence for the author; else nothing."""
    expression = read(text)
    if expression is not None and expression.name in BLOCKS:
        return f"“{{{{{expression.name}}}}}” stands alone on its line, in a lesson or the charter: it is a table or a list"
    if expression is None or expression.name not in WORDS:
        known = ", ".join([*WORDS, *BLOCKS])
        return f"there is no variable “{{{{{text}}}}}” (known: {known}); to show braces as they are, write “\\{{{{”"
    words = FRENCH if language == "fr" else (*ENGLISH, "’s")
    if expression.word and expression.word not in words:
        tongue, shown = ("English", "“label”, or ’s behind it") if language == "en" else ("French", f"“{'”, “'.join(words)}”")
        return f"“{{{{{text}}}}}”: in {tongue} a variable takes {shown}, not “{expression.word}”"
    return ""


def problems_in(text: str, language: str) -> Iterator[tuple[int, str]]:
    """Yield what is wrong with the variables of a plain text, with the line (from 0) of each."""
    for found in _OPENING.finditer(text):
        if found[1]:
            continue
        line = text.count("\n", 0, found.start())
        if found[2] is None:
            yield line, UNCLOSED
        elif problem := problem_with(found[2], language):
            yield line, problem


UNCLOSED = "“{{” opens a variable that is not closed with “}}” on its line; to show braces as they are, write “\\{{”"
