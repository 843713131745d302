"""What a client sends: one JSON object with a `type`, and what can be read of one that is malformed."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any, NoReturn

from apps.core.text import well_formed_json

MAX_REF = 100


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame, its text well-formed, its fields not yet compared with a command's. `fault`: why it is not a valid frame.

    `ref`, the client's own name for it, is there whenever it could be read: a refusal without it reaches nobody.
    """

    type: str = ""
    ref: str | None = None
    fields: dict[str, Any] = field(default_factory=dict)
    fault: str = ""


def read(sent: str | bytes) -> Frame:
    """Return what can be read of `sent`; never raises.

    With Python's own parser: msgspec's stops at a lone surrogate, so such a frame would lose even its `ref`.
    """
    try:
        found = well_formed_json(json.loads(sent, parse_constant=_no_number))
    except (ValueError, RecursionError):
        return Frame(fault="This is not JSON.")
    if not isinstance(found, dict):
        return Frame(fault="A frame is an object.")
    ref = found.get("ref")
    if ref is not None and not (isinstance(ref, str) and len(ref) <= MAX_REF):
        return Frame(fault=f"`ref` is a string of at most {MAX_REF} characters.")
    if not isinstance(found.get("type"), str):
        return Frame(ref=ref, fault="`type` is a string.")
    return Frame(found["type"], ref, found)


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON.")
