"""Packets: decoded strictly, which is fast, and loosely if a server does not keep to the protocol."""

from __future__ import annotations

import json
import math
from typing import Any

import msgspec

from . import letters

MOST_TOKENS = 2**31 - 1  # what the ledger can hold; a provider that claims more is wrong


class Delta(msgspec.Struct):
    content: Any = None
    refusal: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    tool_calls: Any = None


class Choice(msgspec.Struct):
    delta: Delta | None = None
    message: Delta | None = None
    text: Any = None
    finish_reason: Any = None


class Packet(msgspec.Struct):
    choices: list[Choice] | None = None
    usage: Any = None
    error: Any = None


decode = msgspec.json.Decoder(Packet).decode
UNREADABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


def read_loosely(data: bytes) -> list[dict[str, Any]] | None:
    """Return the objects in `data`: with control characters, lone surrogates, `NaN`, some in a list, or one per line.

    What is not JSON at all (`ping`) contains none; None for JSON that cannot be read.
    """
    text = letters.decode(data).strip("\ufeff \t\r\n")
    if not text.startswith(("{", "[")):
        return []
    found: list[Any] = []
    # Python refuses to make an integer of thousands of digits.
    decoder = json.JSONDecoder(strict=False, parse_int=lambda digits: int(digits) if len(digits) < 20 else float(digits))
    while text.startswith(("{", "[")):
        try:
            document, end = decoder.raw_decode(text)
        except (ValueError, RecursionError):
            return None
        found += document if isinstance(document, list) else [document]
        text = text[end:].lstrip(" \t\r\n,;")
    return [document for document in found if isinstance(document, dict)]


def as_object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def packet_of(document: dict[str, Any]) -> Packet:
    """Return `document`, whatever types its parts have, as a packet."""
    choices = document.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else choices
    packet = Packet(usage=document.get("usage"), error=document.get("error"))
    if isinstance(first, dict):
        packet.choices = [
            Choice(
                delta=_delta_of(first.get("delta")),
                message=_delta_of(first.get("message")),
                text=first.get("text"),
                finish_reason=first.get("finish_reason"),
            )
        ]
    return packet


def _delta_of(value: Any) -> Delta | None:
    if isinstance(value, dict):
        return Delta(**{name: value.get(name) for name in Delta.__struct_fields__})
    return Delta(content=value) if isinstance(value, str) else None


def text_of(content: Any, *, depth: int = 3) -> str:
    """Return the text in `content`: a string, a part, or parts, of which only those that are not thinking count."""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and depth:
        return "".join(text_of(part, depth=depth - 1) for part in content)
    if isinstance(content, dict) and depth:
        return text_of(content.get("text"), depth=depth - 1) if content.get("type") in (None, "text", "output_text") else ""
    return str(content) if isinstance(content, int | float) and not isinstance(content, bool) else ""


def tokens(usage: dict[str, Any], *names: str) -> int | None:
    """Return the first of these values that is a valid figure."""
    for name in names:
        try:
            value = float(usage[name])
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if math.isfinite(value) and value <= MOST_TOKENS:
            return max(round(value), 0)
    return None
