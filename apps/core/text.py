"""Text as it can be kept: the one rule for what people and programs write, applied once, where it comes in.

The socket's frames, the forms and the API's bodies pass through here. Nobody loses what they typed to half an emoji that a
program cut in two, or to a character that a database refuses; and a text counts the same characters whichever way it came.
"""

from __future__ import annotations

import re
from typing import Any

_LONE_SURROGATES = re.compile("[\ud800-\udfff]")


def well_formed(text: str) -> str:
    """Return `text` with line breaks as `\\n`, half characters as U+FFFD, and without NUL."""
    if "\0" in text:
        text = text.replace("\0", "")
    if "\r" in text:
        text = text.replace("\r\n", "\n").replace("\r", "\n")
    return text if text.isascii() else _LONE_SURROGATES.sub("\ufffd", text)


def well_formed_json(value: Any) -> Any:
    """Return what was read from JSON with every text in it well-formed, names of fields included. Raises RecursionError."""
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, dict):
        return {well_formed(name): well_formed_json(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [well_formed_json(inner) for inner in value]
    return value
