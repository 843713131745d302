"""Variables of articles: `{{name}}` within a line, or alone on one. The app that knows their values offers them once
(`offer`)."""

from __future__ import annotations

import re
from typing import Any, Protocol

from django.utils.html import escape
from django.utils.safestring import SafeString
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

_VARIABLE = re.compile(r"\{\{([^{}\n]*)\}\}")


class Variables(Protocol):
    """The variables that articles may use. `blocks`: the names that stand alone on their line."""

    blocks: frozenset[str]

    def words(self, expression: str) -> SafeString | None:
        """Return the HTML of `{{expression}}` within a line; None if it is not a variable: it is then shown as written."""

    def block(self, name: str) -> SafeString:
        """Return the HTML of a block."""


_offered: list[Variables] = []


def offer(variables: Variables) -> None:
    """Set who gives articles' variables their values. For `AppConfig.ready()` of the one app that knows."""
    _offered[:] = [variables]


def add_to(parser: MarkdownIt, interrupts: list[str]) -> None:
    """Have `parser` read variables. Their tokens are `variable` (`markup` is “{{” if it is never closed) and `variable_block`,
    which may stand between the lines of what `interrupts` names."""
    parser.inline.ruler.after("escape", "variable", _read)
    parser.block.ruler.before("fence", "variable_block", _read_block, {"alt": interrupts})
    parser.add_render_rule("variable", _show)
    parser.add_render_rule("variable_block", _show_block)


def _read(state: StateInline, silent: bool) -> bool:
    if not state.src.startswith("{{", state.pos):
        return False
    found = _VARIABLE.match(state.src, state.pos, state.posMax)
    if not silent:
        token = state.push("variable", "", 0)
        token.content, token.markup = (found[1], found[0]) if found else ("", "{{")
    state.pos = found.end() if found else state.pos + 2
    return True


def _read_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    line = state.src[state.bMarks[start] + state.tShift[start] : state.eMarks[start]]
    found = None if state.is_code_block(start) else _VARIABLE.fullmatch(line.rstrip())
    if found is None or not any(found[1] in variables.blocks for variables in _offered):
        return False
    if not silent:
        state.line = start + 1
        token = state.push("variable_block", "", 0)
        token.content, token.map = found[1], [start, state.line]
    return True


def _show(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    known = (variables.words(tokens[index].content) for variables in _asked(environment))
    return next((words for words in known if words is not None), escape(tokens[index].markup))


def _show_block(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    return "".join(variables.block(tokens[index].content) for variables in _asked(environment))


def _asked(environment: Any) -> list[Variables]:
    """Return what gives this article's variables their values: what it is rendered with, else what was offered."""
    return [environment["variables"]] if "variables" in environment else _offered
