"""Texts with their variables replaced, in the active language."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Self, overload

from django.utils.html import escape, format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import get_language, override, pgettext
from django.utils.translation import gettext as _

from apps.core.bilingual import Bilingual

from .current import current
from .model import Organisation
from .naming import capitalised
from .variables import BLOCKS, VARIABLE, problem_with, read


def _language() -> str:
    return "en" if get_language() == "en" else "fr"


def filled(text: str) -> str:
    """Return a plain text with its variables replaced. What is not a listed variable stays as it is."""
    if "{{" not in text:
        return text
    organisation, language = current(), _language()
    return VARIABLE.sub(lambda found: found[0][1:] if found[1] else _words(found[2], organisation, language, found[0]), text)


def _words(expression: str, organisation: Organisation, language: str, otherwise: str) -> str:
    if problem_with(expression, language):
        return otherwise
    asked = read(expression)
    assert asked is not None
    words = organisation.name_of(asked.name, language).form(asked.word)
    return capitalised(words) if asked.capital else words


class Named(Bilingual):
    """A plain text in the active language, like `Bilingual`, with its variables replaced."""

    @overload
    def __get__(self, instance: None, owner: type) -> Self: ...
    @overload
    def __get__(self, instance: object, owner: type) -> str: ...
    def __get__(self, instance: Any, owner: type) -> Any:
        text = super().__get__(instance, owner)
        return filled(text) if isinstance(text, str) else text


class ArticleVariables:
    """How articles (`core.markdown`) show variables: always literally, whatever characters a name contains."""

    blocks = frozenset(BLOCKS)

    def words(self, expression: str) -> SafeString | None:
        """Return `{{expression}}` as HTML; None if it is not a variable."""
        organisation, language = current(), _language()
        if problem_with(expression, language):
            return None
        words = escape(_words(expression, organisation, language, ""))
        asked = read(expression)
        link = organisation.link_of(asked.name) if asked is not None else ""
        return format_html('<a href="{}">{}</a>', link, words) if link else words

    def block(self, name: str) -> SafeString:
        """Return the block `name` as HTML; nothing while staff have entered nothing for it."""
        return _tools(current(), _language()) if name == "approved_tools" else _contacts(current(), _language())


class KeptVariables:
    """How an article shows variables whose values were `values` (`values_in`): with those values, without links."""

    blocks = frozenset(BLOCKS)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = values

    def words(self, expression: str) -> SafeString | None:
        return escape(self._values[expression]) if expression in self._values else None

    def block(self, name: str) -> SafeString:
        return mark_safe(self._values.get(name, ""))  # noqa: S308  made by `ArticleVariables`, and the article is cleaned


def _tools(organisation: Organisation, language: str) -> SafeString:
    if not organisation.tools:
        return mark_safe("")
    with override(language):
        rows = format_html_join(
            "\n",
            '<tr><td dir="auto"><strong>{}</strong></td><td dir="auto">{}</td><td dir="auto">{}</td></tr>',
            (
                (tool.name, ", ".join(str(data_class.label) for data_class in tool.classes), tool.note(language))
                for tool in organisation.tools
            ),
        )
        head = (pgettext("approved tool", "Tool"), _("Data it may receive"), pgettext("approved tool", "Note"))
    return format_html(
        '<table>\n<thead><tr><th dir="auto">{}</th><th dir="auto">{}</th><th dir="auto">{}</th></tr></thead>\n'
        "<tbody>\n{}\n</tbody>\n</table>\n",
        *head,
        rows,
    )


def _contacts(organisation: Organisation, language: str) -> SafeString:
    lines = []
    for variable, email, url in (
        ("ai_desk", organisation.ai_desk_email, organisation.ai_desk_url),
        ("dpo", organisation.dpo_email, ""),
        ("security", organisation.security_email, ""),
    ):
        ways = [format_html('<a href="mailto:{0}">{0}</a>', email)] if email else []
        ways += [format_html('<a href="{}">{}</a>', url, re.sub(r"https?://", "", url).rstrip("/"))] if url else []
        label = capitalised(organisation.name_of(variable, language).form("label"))
        colon = "\N{NO-BREAK SPACE}: " if language == "fr" else ": "
        if ways:
            lines.append((label, colon, format_html_join(", ", "{}", ((way,) for way in ways))))
    if not lines:
        return mark_safe("")
    items = format_html_join("\n", '<li dir="auto"><strong>{}</strong>{}{}</li>', lines)
    return format_html("<ul>\n{}\n</ul>\n", items)


def values_in(*texts: str) -> dict[str, str]:
    """Return the current values of the variables in `texts`, by what is between their braces: evidence of what somebody saw."""
    blocks = ArticleVariables()
    found = {match[2] for text in texts for match in VARIABLE.finditer(text) if not match[1]}
    values = {expression: _words(expression, current(), _language(), "") for expression in found - BLOCKS.keys()}
    values |= {name: blocks.block(name) for name in found & BLOCKS.keys()}
    return {expression: values[expression] for expression in sorted(values) if values[expression] or expression in BLOCKS}


def with_values(text: str, values: Mapping[str, str]) -> str:
    """Return `text` with the variables in `values` replaced by the values they had then."""
    return VARIABLE.sub(lambda found: found[0][1:] if found[1] else values.get(found[2], found[0]), text)


def sayings(organisation: Organisation) -> list[tuple[str, list[str]]]:
    """Return the organisation's name in the forms that texts use, by language: for staff to check."""
    asked = {
        "fr": (
            "{{Organisation}} …",
            "{{à organisation}}",
            "{{dans organisation}}",
            "{{de organisation}}",
            "{{que organisation}}",
        ),
        "en": ("{{Organisation}} …", "at {{organisation}}", "{{organisation’s}} …"),
    }

    def said(text: str, language: str) -> str:
        return VARIABLE.sub(lambda found: _words(found[2], organisation, language, found[0]), text)

    return [(language, list(dict.fromkeys(said(text, language) for text in texts))) for language, texts in asked.items()]
