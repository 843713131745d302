"""A cheap check for obvious real data in a prompt. It misses a lot (names, for one) and does not replace anybody's judgement.

What has a shape of its own is found by that shape, even with a wrong check digit: a mistyped number is still somebody's.
What looks like any number (a card, a company) is found by its check digits (python-stdnum). Phone numbers are recognised
by phonenumbers; French ones also by their shape, whether or not their range is in use.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable

import phonenumbers
from stdnum import iban, luhn
from stdnum.fr import siren, siret

from .enums import RealDataKind

_GAP = r"[ .\-/]{0,2}"
_EMAIL = re.compile(r"[\w.+-]{1,64}@(?:[\w-]{1,63}\.){1,5}[a-z]{2,24}\b", re.IGNORECASE)
_IBAN = re.compile(rf"\b[A-Z]{{2}}\d{{2}}(?:{_GAP}[A-Z0-9]){{11,30}}\b", re.IGNORECASE)
# Sex, year, month, department (2A and 2B are Corsica), commune, order, and perhaps the key: together, or grouped as it is usually
# written. Most real-looking numbers have a wrong key, so it is not checked.
_SOCIAL_SECURITY = re.compile(
    rf"(?<![\dA-Za-z])[1-478]{_GAP}\d\d{_GAP}(?:0[1-9]|1[0-2]|[2-9]\d){_GAP}(?:\d\d|2[AB]){_GAP}\d{{3}}{_GAP}\d{{3}}"
    rf"(?:{_GAP}\d\d)?(?!\d)",
    re.IGNORECASE,
)
# Visa, Mastercard, American Express, Discover and Maestro, by how they begin.
_CARD = re.compile(rf"(?<![\dA-Za-z])(?:4|5[0-8]|2[2-7]|3[47]|6)(?:{_GAP}\d){{11,17}}(?!{_GAP}\d)")
_SIRET = re.compile(rf"(?<![\dA-Za-z])\d(?:{_GAP}\d){{13}}(?!{_GAP}\d)")
# Nine digits can be an amount as well: they count as a company's number only if the text says so.
_SIREN = re.compile(rf"\b(?:siren|rcs|tva)\b\D{{0,30}}(?:\d\d )?(\d(?:{_GAP}\d){{8}})(?!{_GAP}\d)", re.IGNORECASE)
_FRENCH_PHONE = re.compile(
    rf"(?<![\d+])(?:(?:\+|00){_GAP}\d{{1,3}}{_GAP}(?:\(0\){_GAP})?[1-9]|0{_GAP}[1-9])(?:{_GAP}\d){{8}}(?!{_GAP}\d)"
)
_MAY_BE_A_PHONE = re.compile(r"\d(?:\D{0,3}\d){6}")
_INVISIBLE = re.compile("[\u00ad\u200b-\u200f\u2060\ufeff]")
_TRIES = 200  # candidates that phonenumbers may look at; more than a prompt can contain


def find_real_data(text: str) -> list[RealDataKind]:
    """Return the kinds of real data `text` seems to contain, whatever spaces, full-width digits or invisible characters it
    uses."""
    rest = _INVISIBLE.sub("", unicodedata.normalize("NFKC", text))
    rest = re.sub(r"[^\S\n]", " ", rest).replace("\u2010", "-").replace("\u2011", "-").replace("\u2013", "-")
    found = []
    for kind, take in _LOOKS.items():
        # What one kind has found is not looked at again: many an account number contains a card number.
        rest, seen = take(rest)
        if seen:
            found.append(kind)
    return found


Look = Callable[[str], tuple[str, bool]]


def _look(pattern: re.Pattern[str], holds: Callable[[str], bool] = bool) -> Look:
    """Return a function that removes from a text whatever matches `pattern` (its group, if it has one) and passes `holds`."""

    def take(text: str) -> tuple[str, bool]:
        seen = False

        def hide(match: re.Match[str]) -> str:
            nonlocal seen
            if not holds(match[match.lastindex or 0]):
                return match[0]
            seen = True
            return "#"

        return pattern.sub(hide, text), seen

    return take


def _plain(number: str) -> str:
    return re.sub(r"[^A-Za-z0-9]", "", number)


def _is_iban(candidate: str) -> bool:
    """Whether its check digits are right, or it is at least written like one: mostly digits, a length that some country uses."""
    body = _plain(candidate)
    if iban.is_valid(body):
        return True
    return 15 <= len(body) <= 34 and sum(character.isdigit() for character in body) >= len(body) * 0.6


def _take_companies(text: str) -> tuple[str, bool]:
    text, branch = _look(_SIRET, lambda number: siret.is_valid(_plain(number)))(text)
    text, company = _look(_SIREN, lambda number: siren.is_valid(_plain(number)))(text)
    return text, branch or company


def _take_phones(text: str) -> tuple[str, bool]:
    text, seen = _look(_FRENCH_PHONE)(text)
    if not seen and _MAY_BE_A_PHONE.search(text):
        seen = phonenumbers.PhoneNumberMatcher(text, "FR", max_tries=_TRIES).has_next()
    return text, seen


_LOOKS: dict[RealDataKind, Look] = {
    RealDataKind.EMAIL: _look(_EMAIL),
    RealDataKind.IBAN: _look(_IBAN, _is_iban),
    RealDataKind.SOCIAL_SECURITY: _look(_SOCIAL_SECURITY),
    RealDataKind.CARD: _look(_CARD, lambda number: luhn.is_valid(_plain(number))),
    RealDataKind.COMPANY: _take_companies,
    RealDataKind.PHONE: _take_phones,
}
