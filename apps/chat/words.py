"""How the home page speaks of the way to the chat: "One and a half courses to go", never "1.5". See `access.home.Words`."""

from __future__ import annotations

from datetime import datetime
from fractions import Fraction

from django.utils.formats import number_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from apps.core.dates import day

HALF = Fraction(1, 2)


def to_halves(remaining: float | Fraction) -> Fraction:
    """Return the nearest half, but never zero while something is left."""
    exact = Fraction(remaining).limit_denominator(1000)
    nearest = Fraction(int(exact * 2 + HALF), 2)
    return max(nearest, HALF) if exact else nearest


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


def way_to_it(remaining: float | Fraction) -> str:
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


def what_opens(courses: int, *, charter: bool) -> str:
    """Return what opens the chat: so many courses, and the charter."""
    number = capfirst(count_of_courses(courses))
    if not courses:
        return _("Signing the AI charter opens the chat.")
    if charter:
        sentence = ngettext(
            "%(number)s course and a charter open the chat.", "%(number)s courses and a charter open the chat.", courses
        )
    else:
        sentence = ngettext("%(number)s course opens the chat.", "%(number)s courses open the chat.", courses)
    return sentence % {"number": number}


def why_again() -> str:
    return _("Your conversations are kept: they open again the moment this is done.")


def ends_soon(title: str, until: datetime) -> str:
    return _("“%(course)s” is valid until %(date)s. The chat closes on that day unless it is renewed before.") % {
        "course": title,
        "date": day(until),
    }
