"""What cannot be stored is normalised, and nothing else is touched."""

from __future__ import annotations

import json

import pytest

from apps.core.text import well_formed, well_formed_json


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("half an emoji \ud83d", "half an emoji \ufffd"),
        ("\ude00 the other half", "\ufffd the other half"),
        ("turned round \ude00\ud83d", "turned round \ufffd\ufffd"),
        ("N\0U\0L\0", "NUL"),
        ("a\r\nb\rc\nd\r\r\n", "a\nb\nc\nd\n\n"),
        ("\r\0\n", "\n"),
        ("\u00e9 😀 \u2028 \ufeff \x1b \ufffe", "\u00e9 😀 \u2028 \ufeff \x1b \ufffe"),
        ("", ""),
    ],
)
def test_the_rule(written: str, kept: str) -> None:
    assert well_formed(written) == kept
    assert well_formed(kept) == kept
    kept.encode()


def test_all_text_of_a_json_value() -> None:
    found = json.loads('{"a\\ud800": ["\\u0000x", {"b": "c\\r\\nd", "n": 1.5, "t": true, "e": null}], "s": "\\ud83d\\ude00"}')
    assert well_formed_json(found) == {"a\ufffd": ["x", {"b": "c\nd", "n": 1.5, "t": True, "e": None}], "s": "😀"}
