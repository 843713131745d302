"""Markdown to safe HTML. Two kinds of source: articles that ship with Almia, and answers of models, which are hostile input."""

from __future__ import annotations

from functools import cache
from typing import Any

import nh3
from django.utils.html import escape
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from markdown_it import MarkdownIt
from markdown_it.renderer import RendererHTML
from mdit_py_plugins.container import container_plugin

CALLOUTS = {
    "takeaway": gettext_lazy("Remember"),
    "example": gettext_lazy("Example"),
    "warning": gettext_lazy("Take care"),
    "prompt": gettext_lazy("Prompt"),
}
TAGS = {
    "a", "blockquote", "br", "code", "del", "div", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "span",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul", "button", "aside",
}  # fmt: skip
ALIGN = {"text-align:left": "left", "text-align:right": "right", "text-align:center": "center"}


def _table_open(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    # A wide table scrolls inside its own frame, which must then be reachable by keyboard.
    return f'<div class="table-scroll" tabindex="0" role="region" aria-label="{escape(_("Table"))}"><table class="table">'


def _table_close(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    return "</table></div>"


def _cell(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    token = tokens[index]
    align = ALIGN.get(str(token.attrs.pop("style", "")))
    if align:
        token.attrSet("class", f"align-{align}")
    return self.renderToken(tokens, index, options, environment)


def _code(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    token = tokens[index]
    language = escape(token.info.split()[0]) if token.info.strip() else ""
    return (
        f'<div class="code-block"><div class="code-block__bar"><span class="code-block__lang">{language}</span>'
        f'<button class="button button--quiet button--small" type="button" data-copy="code">{escape(_("Copy"))}</button></div>'
        f'<pre tabindex="0"><code>{escape(token.content)}</code></pre></div>'
    )


def _image(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    # Never fetched: an image's address can carry a conversation's content to somebody else's server.
    return escape(tokens[index].content or _("image"))


def _callout(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    token = tokens[index]
    if token.nesting == -1:
        return "</aside>\n"
    kind = token.info.strip().split()[0]
    return f'<aside class="callout callout--{kind}"><p class="callout__title">{escape(CALLOUTS[kind])}</p>\n'


@cache
def _parser(*, callouts: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "linkify": False, "breaks": not callouts}).enable(["table", "strikethrough"])
    for name, rule in {
        "table_open": _table_open,
        "table_close": _table_close,
        "th_open": _cell,
        "td_open": _cell,
        "fence": _code,
        "code_block": _code,
        "image": _image,
    }.items():
        parser.add_render_rule(name, rule)
    if callouts:
        for kind in CALLOUTS:
            parser.use(container_plugin, name=kind, render=_callout)
    return parser


def _clean(html: str) -> SafeString:
    return mark_safe(  # noqa: S308  nh3 has just cleaned it
        nh3.clean(
            html,
            tags=TAGS,
            attributes={
                "a": {"href", "title"},
                "aside": {"class"},
                "button": {"class", "type", "data-copy"},
                "div": {"class", "tabindex", "role", "aria-label"},
                "ol": {"start"},
                "p": {"class"},
                "pre": {"tabindex"},
                "span": {"class"},
                "table": {"class"},
                "td": {"class"},
                "th": {"class"},
            },
            url_schemes={"http", "https", "mailto"},
            link_rel="noopener noreferrer nofollow",
        )
    )


def render_article(text: str) -> SafeString:
    """Render Markdown that ships with Almia, call-outs included."""
    return _clean(_parser(callouts=True).render(text))


def render_answer(text: str) -> SafeString:
    """Render a model's answer. No raw HTML, no image, no relative or script link; headings start at level 3 of the page."""
    return _clean(_parser(callouts=False).render(text))
