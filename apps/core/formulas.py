"""Formulas in Markdown, as `core.markdown` reads them: what is a formula, what is an amount of money, and where it ends."""

from __future__ import annotations

import re

from markdown_it.rules_block import StateBlock
from markdown_it.rules_inline import StateInline

LONGEST_FORMULA = 2000  # within a line: a text of nothing but openings must not be searched to its end from each of them
_CLOSING = {"\\(": "\\)", "\\[": "\\]", "$$": "$$"}
SPACE = " \t\n\u00a0"
_SIGN = re.compile(r"[\\^_={}<>]")  # what a formula contains and prose around an amount of money does not
_TEX = re.compile(r"[\\^_{}]")
_AMOUNT = re.compile(r"[-+−]?[0-9.,]")
_NAMES = re.compile(r"[A-Za-zα-ωΑ-Ω]'*(?:[-+*/][A-Za-zα-ωΑ-Ω0-9]'*)*$")
_NO_FORMULA = re.compile(r"[ \t\n0-9xX,;–-]*$")  # \[1\], \[ \]: escaped brackets


def _formula_end(text: str, start: int, end: int) -> int:
    """Return where the formula that starts at `start` ends, before `end`; 0 if there is none."""
    opening = text[start : start + 2]
    closing = _CLOSING.get(opening)
    if closing is None:
        return _dollars_end(text, start, end) if text[start] == "$" else 0
    close = text.find(closing, start + 2, min(end, start + LONGEST_FORMULA))
    inner = text[start + 2 : close]
    after = text[close + 2 : close + 3]
    if close == -1 or not inner.strip(SPACE):
        return 0
    if opening == "\\[" and (_NO_FORMULA.match(inner) or after == "("):
        return 0
    if opening == "$$":
        spaced = inner != inner.strip(SPACE)
        if "$" in (text[start - 1 : start], inner[0], after) or (spaced and not _SIGN.search(inner)):
            return 0
    return close + 2


def _dollars_end(text: str, start: int, end: int) -> int:
    close = start + 1
    end = min(end, start + LONGEST_FORMULA)
    while (close := text.find("$", close, end)) != -1 and text[close - 1] == "\\":
        close += 1
    inner = text[start + 1 : close]
    if close == -1 or not inner or "\n" in inner or inner[0] in SPACE + ")].,;:!?/" or inner[-1] in SPACE:
        return 0
    if any(re.match(r"[A-Za-z0-9$]", beside) for beside in (text[start - 1 : start], text[close + 1 : close + 2])):
        return 0
    if _AMOUNT.match(inner):
        return close + 1 if _TEX.search(inner) else 0
    return close + 1 if _SIGN.search(inner) or _NAMES.match(inner) else 0


def formula(state: StateInline, silent: bool) -> bool:
    if state.src[state.pos] not in "\\$":
        return False
    end = _formula_end(state.src, state.pos, state.posMax)
    if not end:
        return False
    if not silent:
        token = state.push("code_inline", "code", 0)
        token.content = state.src[state.pos : end]
        token.attrSet("class", "formula")
    state.pos = end
    return True


def formula_block(state: StateBlock, start: int, end: int, silent: bool) -> bool:
    if state.is_code_block(start):
        return False
    first = state.bMarks[start] + state.tShift[start]
    closing = {"\\[": "\\]", "$$": "$$"}.get(state.src[first : first + 2])
    if closing is None:
        return False
    line = start
    text = state.src[first + 2 : state.eMarks[start]]
    if text.strip(SPACE):
        close = text.find(closing)
        written = state.src[first : state.eMarks[start]]
        if close == -1 or text[close + 2 :].strip(SPACE + ".,;") or not _formula_end(written + " ", 0, len(written)):
            return False
    else:
        # No later line may change how earlier ones are read, or an answer that is being written would jump.
        while not (line > start and closing in line_of(state, line)):
            if line + 1 == end or state.isEmpty(line + 1) or state.sCount[line + 1] < state.blkIndent:
                break
            line += 1
        if line == start:
            return False
    if silent:
        return True
    state.line = line + 1
    token = state.push("fence", "code", 0)
    token.info = "latex"
    token.content = state.getLines(start, state.line, state.sCount[start], False) + "\n"
    token.map = [start, state.line]
    return True


def line_of(state: StateBlock, number: int) -> str:
    return state.src[state.bMarks[number] + state.tShift[number] : state.eMarks[number]]
