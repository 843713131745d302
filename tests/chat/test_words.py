from __future__ import annotations

from fractions import Fraction

import pytest
from django.utils import translation

from apps.chat.words import to_halves, way_back, way_to_it


@pytest.mark.parametrize(
    ("remaining", "english"),
    [
        (0, "Only the charter left before your first conversation"),
        (0.1, "Half a course to go before your first conversation"),
        (0.5, "Half a course to go before your first conversation"),
        (0.76, "One course to go before your first conversation"),
        (1, "One course to go before your first conversation"),
        (1.53, "One and a half courses to go before your first conversation"),
        (2, "Two courses to go before your first conversation"),
        (2.5, "Two and a half courses to go before your first conversation"),
        (12, "12 courses to go before your first conversation"),
    ],
)
def test_the_headline_says_how_far(remaining: float, english: str) -> None:
    with translation.override("en"):
        assert way_to_it(remaining) == english


@pytest.mark.parametrize(("remaining", "halves"), [(0, 0), (0.001, 0.5), (0.5, 0.5), (0.7, 0.5), (1.2, 1), (2.99, 3), (3, 3)])
def test_what_is_left_never_looks_like_nothing(remaining: float, halves: float) -> None:
    assert to_halves(remaining) == Fraction(halves)


@pytest.mark.parametrize(
    ("courses", "charter", "english"),
    [
        (1, False, "One course to take before you can chat again"),
        (2, True, "Two courses to take before you can chat again"),
        (0, True, "The charter has changed: sign it to chat again"),
    ],
)
def test_the_way_back(courses: int, charter: bool, english: str) -> None:
    with translation.override("en"):
        assert way_back(courses, charter=charter) == english
