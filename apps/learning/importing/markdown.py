"""What a lesson's Markdown may contain: what the page can show safely and well."""

from __future__ import annotations

import re
from pathlib import Path

from markdown_it.token import Token

from apps.accounts.organisation import UNCLOSED, problem_with
from apps.core.markdown import CALLOUTS, callout_lines, grammar

from .problems import Problems

_END_OF_CODE = re.compile(r"[\s>]*(`{3,}|~{3,})\s*$")


def check_markdown(body: str, *, language: str, path: Path, first_line: int, problems: Problems) -> None:
    """Add a problem for each thing in `body` that lessons may not contain. `first_line`: where it starts in its file."""
    if not body.strip():
        problems.add(path, first_line, "the text is empty")
        return
    _check_callouts(body, path, first_line, problems)
    for token in grammar(callouts=True, html=True).parse(body):
        line = first_line + (token.map[0] if token.map else 0)
        if token.type == "html_block":
            problems.add(path, line, "raw HTML is not allowed")
        elif token.type == "heading_open" and token.tag == "h1":
            problems.add(path, line, "the title is the screen's only first-level heading: use ##")
        elif token.type == "fence" and token.markup and not _is_closed(token, body):
            problems.add(path, line, "a code block is never closed")
        for child in token.children or []:
            line += child.type == "softbreak"
            _check_inline(child, language, path, line, problems)


def _is_closed(fence: Token, body: str) -> bool:
    first, end = fence.map or (0, 0)
    return end - 1 > first and _END_OF_CODE.match(body.split("\n")[end - 1]) is not None


def _check_inline(token: Token, language: str, path: Path, line: int, problems: Problems) -> None:
    if token.type == "html_inline":
        problems.add(path, line, f"raw HTML is not allowed: {token.content[:40]}")
    elif token.type == "image":
        problems.add(path, line, "images are not allowed in lessons")
    elif token.type == "variable":
        problem = problem_with(token.content, language) if token.markup != "{{" else UNCLOSED
        if problem:
            problems.add(path, line, problem)
    elif token.type == "link_open" and "%7B%7B" in str(token.attrGet("href")):
        problems.add(path, line, "a variable cannot stand in the address of a link")
    elif token.type == "link_open" and not str(token.attrGet("href")).startswith(("https://", "mailto:")):
        problems.add(path, line, f"a link must start with https:// or mailto:, not “{token.attrGet('href')}”")


def _check_callouts(body: str, path: Path, first_line: int, problems: Problems) -> None:
    opened: tuple[str, int] | None = None
    for number, kind in enumerate(callout_lines(body.split("\n")), first_line):
        if kind is None:
            continue
        if opened is None:
            if kind in CALLOUTS:
                opened = (kind, number)
            elif kind:
                problems.add(path, number, f"unknown call-out “{kind}” (known: {', '.join(CALLOUTS)})")
                opened = (kind, number)
            else:
                problems.add(path, number, "“:::” closes a call-out that was never opened")
        elif kind:
            problems.add(path, number, f"call-out “{kind}” opens inside “{opened[0]}” (line {opened[1]})")
        else:
            opened = None
    if opened is not None:
        problems.add(path, opened[1], f"the call-out “{opened[0]}” is never closed with “:::”")
