"""How long something takes and until when it lasts, in words."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.dates import day


def how_long(count: int, *, started: bool) -> str:
    """Return how long the rest takes, in steps of five minutes beyond ten; empty when nobody knows."""
    if count <= 0:
        return ""
    if count > 10:
        count = -(-count // 5) * 5
    sentence = _("You pick up where you stopped: allow about %(time)s.") if started else _("Allow about %(time)s.")
    return sentence % {"time": duration(count)}


def duration(count: int) -> str:
    """Return so many minutes, as hours and minutes beyond an hour and a half."""
    hours, rest = divmod(count, 60)
    if count <= 90:
        return minutes(count)
    if not rest:
        return ngettext("%(hours)s hour", "%(hours)s hours", hours) % {"hours": hours}
    return _("%(hours)s h %(minutes)s min") % {"hours": hours, "minutes": rest}


def minutes(count: int) -> str:
    return ngettext("%(count)s minute", "%(count)s minutes", count) % {"count": count} if count else ""


def start(title: str) -> str:
    return _("Start “%(course)s”") % {"course": title}


def ends_soon(title: str, until: datetime, *, what: str) -> str:
    """Return what happens to `what`, a product without words of its own, when the proof `title` ends."""
    sentence = _("“%(proof)s” is valid until %(date)s. After that day this closes unless it is renewed: %(what)s.")
    return sentence % {"proof": title, "date": day(until), "what": what}
