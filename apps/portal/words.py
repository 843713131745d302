"""How far somebody is, in words: "One and a half courses to go", never "1.5"."""

from __future__ import annotations

from fractions import Fraction

from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

HALF = Fraction(1, 2)


def to_halves(remaining: float | Fraction) -> Fraction:
    """Return `remaining` in halves, rounded up: what is left never looks like nothing."""
    halves = Fraction(remaining).limit_denominator(1000) * 2
    return Fraction(-(-halves.numerator // halves.denominator), 2)


def count_of_courses(count: int) -> str:
    """Return a number of courses as a word up to ten (in French, of feminine nouns), then as digits."""
    words = {
        0: pgettext("number of courses", "no"),
        1: pgettext("number of courses", "one"),
        2: pgettext("number of courses", "two"),
        3: pgettext("number of courses", "three"),
        4: pgettext("number of courses", "four"),
        5: pgettext("number of courses", "five"),
        6: pgettext("number of courses", "six"),
        7: pgettext("number of courses", "seven"),
        8: pgettext("number of courses", "eight"),
        9: pgettext("number of courses", "nine"),
        10: pgettext("number of courses", "ten"),
    }
    return words.get(count) or number_format(count)


def way_to_first_conversation(remaining: float | Fraction) -> str:
    """Return the headline for somebody who has `remaining` courses left (a part counts), then the charter."""
    halves = to_halves(remaining)
    whole, half = int(halves), halves % 1 == HALF
    if not halves:
        return _("Only the charter left before your first conversation")
    if half and not whole:
        return _("Half a course to go before your first conversation")
    number = count_of_courses(whole)
    if half:
        sentence = ngettext(
            "%(number)s and a half courses to go before your first conversation",
            "%(number)s and a half courses to go before your first conversation",
            whole,
        )
    else:
        sentence = ngettext(
            "%(number)s course to go before your first conversation",
            "%(number)s courses to go before your first conversation",
            whole,
        )
    return str(capfirst(sentence % {"number": number}))


def way_back(courses: int, *, charter: bool) -> str:
    """Return the headline for somebody who had the right and must renew `courses` whole courses, or only the charter."""
    if not courses:
        return _("The charter has changed: sign it to chat again") if charter else _("Almost there: chat opens again soon")
    sentence = ngettext(
        "%(number)s course to take before you can chat again",
        "%(number)s courses to take before you can chat again",
        courses,
    )
    return str(capfirst(sentence % {"number": count_of_courses(courses)}))
