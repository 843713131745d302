r"""Markdown to safe HTML. Two kinds of source: articles that ship with Almia, and answers of models, which are hostile input.

The grammar is CommonMark with tables and ~~deletions~~, plus what is listed here. `static/js/markdown.js` is its twin: an answer
that is being written is rendered there, and must have the same elements as here when it ends. A change here needs the same
change there; `tests/markdown_corpus.py` holds the texts with which both are compared.

- No HTML: it is shown as text. Only `<br>` is a line break, in table cells and everywhere else.
- Formulas are shown as written, delimiters included: `\( … \)`, `\[ … \]`, `$$ … $$`, and `$ … $` where it cannot be
  an amount of money. Between lines of `\[` and `\]` or `$$`, or alone on its line, a formula is a code block, else inline code.
- An image becomes its description: its address is never requested.
- A link leads to http:, https:, mailto: or a page here; any other is text.
- Every block of words gets its own direction (`dir="auto"`), a table that of its first words, and code is left to right.
- Below DEEPEST levels of lists and quotations the markers are shown as text: nothing is left out, however deep.
- Answers: a line end is a line break, and headings start below the page's own. Articles: call-outs between `:::` lines, and
  variables: `{{name}}`, replaced by what `core.variables` was given, never in code; `\{{` shows the braces.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from markdown_it import MarkdownIt
from markdown_it.common.utils import MD_TRIM_CHARS
from markdown_it.renderer import RendererHTML
from markdown_it.rules_block import StateBlock
from markdown_it.rules_core import StateCore
from markdown_it.rules_inline import StateInline
from markdown_it.token import Token

from . import variables
from .formulas import SPACE, formula, formula_block, line_of

CALLOUTS = {
    "takeaway": (gettext_lazy("Remember"), "callout callout--takeaway"),
    "example": (gettext_lazy("Example"), "callout callout--example"),
    "warning": (gettext_lazy("Take care"), "callout callout--warning"),
    "prompt": (gettext_lazy("Prompt"), "callout callout--prompt"),
}
TAGS = {
    "a", "blockquote", "br", "code", "del", "div", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "span",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
# A list is two levels, a quotation one. Each is a nested call: far below what Python and browsers can take.
DEEPEST = 48
SCHEMES = {"http", "https", "mailto"}

_LINK = re.compile(r"(?:https?:|mailto:|[^:/?#]*(?:[/?#]|$))", re.IGNORECASE)
_BREAK = re.compile(r"<br[ \t]*/?>", re.IGNORECASE)
_BLANK = MD_TRIM_CHARS + "\ufeff"
_ALIGN = re.compile(r"text-align:(\w+)")
_RIGHT_TO_LEFT = re.compile(r"[\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]")


# --- The rest of the grammar ------------------------------------------------------------------------------------------------


def _line_break(state: StateInline, silent: bool) -> bool:
    found = _BREAK.match(state.src, state.pos, state.posMax)
    if not found:
        return False
    if not silent:
        state.push("hardbreak", "br", 0)
    state.pos = found.end()
    return True


def _too_deep(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.level < DEEPEST or silent:
        return False
    state.line = end
    token = state.push("paragraph_open", "p", 1)
    token.map = [start, end]
    token = state.push("inline", "", 0)
    token.content = state.getLines(start, end, state.blkIndent, False).strip(SPACE)
    token.map = [start, end]
    token.children = []
    state.push("paragraph_close", "p", -1)
    return True


def _trim(state: StateCore) -> None:
    # The two parsers disagree on what is not a space.
    for token in state.tokens:
        if token.type == "inline":
            token.content = token.content.strip(_BLANK)


def _shape(lowered: int) -> Callable[[StateCore], None]:
    """Return the rule that gives tokens our elements and attributes. `lowered`: by how many levels headings are lowered."""

    def shape(state: StateCore) -> None:
        around: list[str] = [""]
        for index, token in enumerate(state.tokens):
            if token.nesting == -1:
                around.pop()
            if token.type in {"heading_open", "heading_close"}:
                token.tag = f"h{min(int(token.tag[1]) + lowered, 6)}"
            if token.type in {"fence", "code_block"}:
                token.attrSet("dir", "ltr")
            elif token.type == "table_open":
                if _runs_right_to_left(state.tokens[index:]):
                    token.attrSet("dir", "rtl")
            elif token.type in {"th_open", "td_open"}:
                align = _ALIGN.match(str(token.attrGet("style") or ""))
                token.attrs = {"class": f"align-{align[1]}", "dir": "auto"} if align else {"dir": "auto"}
            elif token.type in {"heading_open", "list_item_open", "blockquote_open"} or (
                # The direction of an item is found from its words, not from parts that have a direction of their own.
                token.type == "paragraph_open" and around[-1] not in {"list_item_open", "blockquote_open"}
            ):
                token.attrSet("dir", "auto")
            if token.nesting == 1:
                around.append(token.type)
            for child in token.children or []:
                if child.type in {"s_open", "s_close"}:
                    child.tag = "del"
                elif child.type == "code_inline":
                    child.attrSet("dir", "ltr")
                elif child.type == "link_open" and child.markup == "autolink":
                    child.attrSet("class", "autolink")

    return shape


def _runs_right_to_left(tokens: Sequence[Token]) -> bool:
    for token in tokens:
        if token.type == "table_close":
            break
        letter = next((sign for sign in token.content if sign.isalpha()), None) if token.type == "inline" else None
        if letter:
            return bool(_RIGHT_TO_LEFT.match(letter))
    return False


def _image(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    # Never fetched: an image's address can carry a conversation's content to somebody else's server.
    return escape(tokens[index].content or _("image"))


# --- Call-outs --------------------------------------------------------------------------------------------------------------

_FENCE = re.compile(r"[\s>]*(?:(?:[-+*]|\d{1,9}[.)])\s+)*(`{3,}(?=[^`]*$)|~{3,})(.*)$")
_COLONS = re.compile(r"\s*:{3,}\s*(.*?)\s*$")


def callout_lines(lines: Iterable[str]) -> Iterator[str | None]:
    """Return for each line what follows its `:::` ("" if nothing does), None for a line without one or inside code."""
    fence = ""
    for line in lines:
        mark = _FENCE.match(line)
        colons = None if fence else _COLONS.match(line)
        if mark and not fence:
            fence = mark[1]
        elif mark and mark[1].startswith(fence) and not mark[2].strip():
            fence = ""
        yield colons[1] if colons else None


def _callout(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    opening = None if state.is_code_block(start) else _COLONS.match(line_of(state, start))
    kind = opening[1].split()[0] if opening and opening[1] else ""
    if kind not in CALLOUTS:
        return False
    if silent:
        return True
    inside = (state.getLines(line, line + 1, state.blkIndent, False) for line in range(start + 1, end))
    ends = (line for line, behind in enumerate(callout_lines(inside), start + 1) if behind == "")
    close = next(ends, end)
    token = state.push("callout_open", "div", 1)
    token.info = kind
    token.map = [start, close]
    last, parent = state.lineMax, state.parentType
    state.lineMax = close
    state.parentType = "callout"
    state.md.block.tokenize(state, start + 1, close)
    state.lineMax, state.parentType = last, parent
    state.push("callout_close", "div", -1)
    state.line = min(close + 1, end)
    return True


def _callout_open(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    title, style = CALLOUTS[tokens[index].info]
    return f'<div class="{style}" role="note"><p class="callout__title">{escape(title)}</p>\n'


# --- Rendering --------------------------------------------------------------------------------------------------------------


@cache
def grammar(*, callouts: bool, html: bool = False) -> MarkdownIt:
    """Return the parser of articles (`callouts`) or of answers. `html`: parse HTML, in order to find what is not allowed."""
    interrupts = ["paragraph", "reference", "blockquote", "list"]
    parser = MarkdownIt("commonmark", {"html": html, "breaks": not callouts, "maxNesting": DEEPEST + 2})
    parser.enable(["table", "strikethrough"])
    parser.validateLink = lambda url: _LINK.match(url) is not None  # type: ignore[method-assign]
    parser.inline.ruler.before("escape", "formula", formula)
    parser.inline.ruler.before("autolink", "line_break", _line_break)
    parser.block.ruler.before("table", "too_deep", _too_deep)
    parser.block.ruler.after("fence", "formula_block", formula_block, {"alt": interrupts})
    parser.core.ruler.before("inline", "trim", _trim)
    parser.core.ruler.push("shape", _shape(0 if callouts else 1))
    parser.add_render_rule("image", _image)
    if callouts:
        variables.add_to(parser, interrupts)
        parser.block.ruler.before("fence", "callout", _callout, {"alt": interrupts})
        parser.add_render_rule("callout_open", _callout_open)
    return parser


def _clean(html: str) -> SafeString:
    return mark_safe(  # noqa: S308  nh3 has just cleaned it
        nh3.clean(
            html,
            tags=TAGS,
            attributes={
                "a": {"href", "title", "class"},
                "blockquote": {"dir"},
                "code": {"class", "dir"},
                "div": {"class", "role"},
                **{f"h{level}": {"dir"} for level in range(2, 7)},
                "li": {"dir"},
                "ol": {"start"},
                "p": {"class", "dir"},
                "pre": {"dir"},
                "table": {"dir"},
                "td": {"class", "dir"},
                "th": {"class", "dir"},
            },
            url_schemes=SCHEMES,
            link_rel="noopener noreferrer nofollow",
        )
    )


def render_article(text: str, said: variables.Variables | None = None) -> SafeString:
    """Render Markdown that ships with Almia, call-outs included. `said`: the values of its variables; None: the current ones."""
    return _clean(grammar(callouts=True).render(text, {} if said is None else {"variables": said}))


def render_answer(text: str) -> SafeString:
    """Render a model's answer. No raw HTML, no image, no script link; headings start below the page's own."""
    return _clean(grammar(callouts=False).render(text))
