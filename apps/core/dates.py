"""Days in words."""

from __future__ import annotations

from datetime import date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import get_language


def day(value: date, form: str = "DATE_FORMAT") -> str:
    """Return a day, or a moment's day in the reader's time zone, in their language. `form`: a Django format that starts with the
    day's number.

    French says “1er décembre” and “2 décembre”, which no Django format can distinguish.
    """
    if isinstance(value, datetime):
        value = timezone.localtime(value)
    words = date_format(value, form)
    if words.startswith("1 ") and (get_language() or "").startswith("fr"):
        return f"1er{words[1:]}"
    return words
