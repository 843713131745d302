"""How long something takes and until when it lasts, in words."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.core.dates import day


def how_long(count: int, *, started: bool) -> str:
    """Return how long the rest takes, in steps of five minutes beyond ten; empty if nobody knows."""
    if count <= 0:
        return ""
    count = _about(count)
    sentence = _("You pick up where you stopped: allow about %(time)s.") if started else _("Allow about %(time)s.")
    return sentence % {"time": duration(count)}


def how_far(done: int, total: int, *, left: int, whole: int) -> str:
    """Return how many of so many steps are done, and how many of so many minutes are left, if anybody knows. Somebody who has
    not begun is told instead that it need not be done in one go."""
    if not done and left == whole:
        sentence = ngettext("%(total)s step, at your own pace", "%(total)s steps, at your own pace", total)
        return sentence % {"total": total}
    steps = ngettext("%(done)s of %(total)s step done", "%(done)s of %(total)s steps done", total)
    steps %= {"done": done, "total": total}
    if left <= 0 or whole <= 0:
        return steps
    times = {"left": duration(_about(left)), "whole": duration(_about(whole))}
    return f"{steps} · {_('about %(left)s left of %(whole)s') % times}"


def _about(count: int) -> int:
    return -(-count // 5) * 5 if count > 10 else count


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
