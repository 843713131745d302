from __future__ import annotations

import time

import pytest

from apps.learning.enums import RealDataKind
from apps.learning.realdata import find_real_data


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("1 84 12 76 451 089 46", RealDataKind.SOCIAL_SECURITY),
        ("184127645108946", RealDataKind.SOCIAL_SECURITY),
        ("1841276451089", RealDataKind.SOCIAL_SECURITY),
        ("n° 2 85 05 2A 123 456 78.", RealDataKind.SOCIAL_SECURITY),
        ("2-85-05-78-006-084-36", RealDataKind.SOCIAL_SECURITY),
        ("1\u202f84\u202f12\u202f76\u202f451\u202f089\u202f46", RealDataKind.SOCIAL_SECURITY),  # narrow spaces
        ("１８４１２７６４５１０８９", RealDataKind.SOCIAL_SECURITY),  # full-width digits
        ("184\u200b12 76 451 089", RealDataKind.SOCIAL_SECURITY),  # an invisible character
        ("FR76 3000 6000 0112 3456 7890 189", RealDataKind.IBAN),
        ("fr7630006000011234567890189", RealDataKind.IBAN),
        ("DE89370400440532013000", RealDataKind.IBAN),
        ("write to jean.dupont@alcyon.fr now", RealDataKind.EMAIL),
        ("JEAN+test@sub.alcyon.example", RealDataKind.EMAIL),
        ("06 12 34 56 78", RealDataKind.PHONE),
        ("06.12.34.56.78", RealDataKind.PHONE),
        ("+33 6 12 34 56 78", RealDataKind.PHONE),
        ("+33(0)612345678", RealDataKind.PHONE),
        ("0033 1 40 50 60 70", RealDataKind.PHONE),
        ("+32 470 12 34 56", RealDataKind.PHONE),  # Belgium: nine digits after the country
        ("call +1 (650) 253-0000", RealDataKind.PHONE),
        ("FR76 3000 6000 0112 3456 7890 188", RealDataKind.IBAN),  # mistyped: still somebody's
        ("NO93 8601 1117 947", RealDataKind.IBAN),  # the shortest one possible
        ("4242 4242 4242 4242", RealDataKind.CARD),
        ("5555555555554444", RealDataKind.CARD),
        ("3782-822463-10005", RealDataKind.CARD),
        ("732 829 320 00074", RealDataKind.COMPANY),
        ("SIREN : 732 829 320", RealDataKind.COMPANY),
        ("RCS Paris 732829320", RealDataKind.COMPANY),
    ],
)
def test_what_is_found(text: str, kind: RealDataKind) -> None:
    assert find_real_data(text) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "Lunettes : 150 euros tous les deux ans. Couronne : 300 euros.",
        "Contrat n° 12345678, le 12/03/2026 à 14 h 30",
        "1 000 000 000 000 euros, 2026-11-22",
        "Sinistre 2026-000123456",
        "10 20 30 40 50 60 70 80 90",
        "380 € 4 800 € 2024 2025 2026 2027",
        "The policy AB12 covers glasses, dental and hearing",
        "FR20 green tea pack of twelve items for everybody",
        "a @ b, [NAME], [ADDRESS]",
        "4242 4242 4242 4241",  # like a card, but its check digit is wrong: just a number
        "732 829 320 euros",
        "SIREN 732 829 321",
        "ISBN 978-2-07-036822-8, page 1234",
        "de 1 200 000 à 1 500 000 euros en 2026",
        "",
    ],
)
def test_what_is_let_through(text: str) -> None:
    assert find_real_data(text) == []


ODD = ["1 " * 1000, "a@" * 1000, "FR12" + "A" * 1996, "0 1" * 666, "a." * 999 + "@", "FR76 " * 400]
ODD += ["4242 " * 400, "+33 " * 500, "06 12 " * 330, "12345678 " * 220, "siren " * 330]


@pytest.mark.parametrize("text", ODD)
def test_no_text_takes_long(text: str) -> None:
    start = time.perf_counter()
    find_real_data(text)
    assert time.perf_counter() - start < 0.2
