"""Text in a form that can be stored: the one rule for what people and programs write, applied once, where it comes in.

The socket's frames, the forms and the API's bodies pass through here. Nobody loses what they typed to half an emoji that a
program cut in two, or to a character that a database refuses; and a text has the same length whichever way it came.

Further down, what makes no difference to a reader: invisible characters, and different characters for the same thing.
"""

from __future__ import annotations

import re
import unicodedata
from functools import cache
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
    """Return what was read from JSON with every text in it well-formed, field names included. Raises RecursionError."""
    if isinstance(value, str):
        return well_formed(value)
    if isinstance(value, dict):
        return {well_formed(name): well_formed_json(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [well_formed_json(inner) for inner in value]
    return value


# Invisible, though their category (Cc, Cf…) does not say so: fillers, joiners, variation selectors.
_UNSEEN = {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2065, 0x3164, 0xFFA0, *range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
_APOSTROPHES = "’‘‛ʼʻʹʽʾʿˈ′‵`´＇❛❜՚׳ꞌ"
_DASHES = "‐‑‒–—―⁃˗−﹘﹣－"


@cache
def is_unseen(letter: str) -> bool:
    """Whether `letter` is invisible: format characters, lone surrogates, fillers. Spaces do not count, and control
    characters are not letters at all."""
    return unicodedata.category(letter) in {"Cf", "Cs"} or ord(letter) in _UNSEEN


def visible(text: str) -> str:
    """Return `text` without invisible characters, with single plain spaces (also for control characters) and none at its ends."""
    spaced = "".join(" " if letter.isspace() or unicodedata.category(letter) == "Cc" else letter for letter in text)
    return " ".join("".join(letter for letter in spaced if letter == " " or not is_unseen(letter)).split())


_ONE_SIGN = str.maketrans(
    {
        **dict.fromkeys(_APOSTROPHES, "'"),
        **dict.fromkeys(_DASHES, "-"),
        "œ": "oe",
        "Œ": "oe",
        "æ": "ae",
        "Æ": "ae",
        "ø": "o",
        "Ø": "o",
        "ł": "l",
        "Ł": "l",
        "đ": "d",
        "Đ": "d",
        "ı": "i",
    }
)


def folded(text: str) -> str:
    """Return `text` as it is searched: without accents, capitals and invisible characters, with one character for all apostrophes
    and one for all dashes. “Securite” finds “Sécurité”, “d'avila” finds “d’Ávila”."""
    plain = unicodedata.normalize("NFKD", visible(text).translate(_ONE_SIGN)).translate(_ONE_SIGN).casefold()
    return "".join(letter for letter in plain if not unicodedata.combining(letter))
