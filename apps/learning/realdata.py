"""A cheap look for obvious real data in a prompt. It misses much (names, for one) and replaces nobody's judgement."""

from __future__ import annotations

import re
import unicodedata

from .enums import RealDataKind

_GAP = r"[ .\-/]{0,2}"
_PATTERNS: dict[RealDataKind, re.Pattern[str]] = {
    RealDataKind.EMAIL: re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}\b", re.IGNORECASE),
    RealDataKind.IBAN: re.compile(rf"\b[A-Z]{{2}}\d{{2}}(?:{_GAP}[A-Z0-9]){{11,30}}\b", re.IGNORECASE),
    # Sex, year, month, department (2A and 2B are Corsica), commune, order, and perhaps the key: together, or grouped as it is
    # usually written. Whether the key is right is not asked: a mistyped number is somebody's number all the same.
    RealDataKind.SOCIAL_SECURITY: re.compile(
        rf"(?<![\dA-Za-z])[1-478]{_GAP}\d\d{_GAP}(?:0[1-9]|1[0-2]|[2-9]\d){_GAP}(?:\d\d|2[AB]){_GAP}\d{{3}}{_GAP}\d{{3}}"
        rf"(?:{_GAP}\d\d)?(?!\d)",
        re.IGNORECASE,
    ),
    RealDataKind.PHONE: re.compile(
        rf"(?<![\d+])(?:(?:\+|00){_GAP}\d{{1,3}}{_GAP}(?:\(0\){_GAP})?[1-9]|0{_GAP}[1-9])(?:{_GAP}\d){{8}}(?!{_GAP}\d)"
    ),
}
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")


def find_real_data(text: str) -> list[RealDataKind]:
    """Return what kinds of real data `text` seems to hold, whatever spaces, full-width digits or invisible characters it uses."""
    plain = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    plain = re.sub(r"[^\S\n]", " ", plain).replace("\u2010", "-").replace("\u2011", "-").replace("\u2013", "-")
    found = [kind for kind, pattern in _PATTERNS.items() if pattern.search(plain)]
    if RealDataKind.IBAN in found and not _is_iban(plain):
        found.remove(RealDataKind.IBAN)
    return found


def _is_iban(text: str) -> bool:
    """Whether a candidate in `text` is written like an IBAN: mostly digits, and a length that some country uses."""
    for match in _PATTERNS[RealDataKind.IBAN].finditer(text):
        body = re.sub(r"[^A-Za-z0-9]", "", match[0])
        if 15 <= len(body) <= 34 and sum(character.isdigit() for character in body) >= len(body) * 0.6:
            return True
    return False
