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
    "takeaway": (gettext_lazy("Remember"), "callout callout--takeaway"),
    "example": (gettext_lazy("Example"), "callout callout--example"),
    "warning": (gettext_lazy("Take care"), "callout callout--warning"),
    "prompt": (gettext_lazy("Prompt"), "callout callout--prompt"),
}
TAGS = {
    "a", "blockquote", "br", "code", "del", "div", "em", "h2", "h3", "h4", "h5", "h6", "hr", "li", "ol", "p", "pre", "span",
    "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip
ALIGN = {"text-align:left": "left", "text-align:right": "right", "text-align:center": "center"}


def _cell(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    token = tokens[index]
    align = ALIGN.get(str(token.attrs.pop("style", "")))
    if align:
        token.attrSet("class", f"align-{align}")
    return self.renderToken(tokens, index, options, environment)


def _heading(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    # The page has its own h1: what Markdown calls a first heading is a second here.
    token = tokens[index]
    token.tag = f"h{min(int(token.tag[1]) + 1, 6)}"
    return self.renderToken(tokens, index, options, environment)


def _image(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    # Never fetched: an image's address can carry a conversation's content to somebody else's server.
    return escape(tokens[index].content or _("image"))


def _callout(self: RendererHTML, tokens: Any, index: int, options: Any, environment: Any) -> str:
    token = tokens[index]
    if token.nesting == -1:
        return "</div>\n"
    kind = token.info.strip().split()[0]
    title, style = CALLOUTS[kind]
    return f'<div class="{style}" role="note"><p class="callout__title">{escape(title)}</p>\n'


@cache
def _parser(*, callouts: bool) -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False, "breaks": not callouts}).enable(["table", "strikethrough"])
    for name, rule in {
        "th_open": _cell,
        "td_open": _cell,
        "image": _image,
    }.items():
        parser.add_render_rule(name, rule)
    if not callouts:
        parser.add_render_rule("heading_open", _heading)
        parser.add_render_rule("heading_close", _heading)
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
                "code": {"class"},
                "div": {"class", "role"},
                "ol": {"start"},
                "p": {"class"},
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
    """Render a model's answer. No raw HTML, no image, no script link; headings start below the page's own."""
    return _clean(_parser(callouts=False).render(text))
