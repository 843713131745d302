"""How the pages of a course describe how far somebody is, in the active language."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from apps.access.enums import StepState
from apps.core.dates import day

if TYPE_CHECKING:
    from .queries import CoursePage, Standing


def standing_in_words(standing: Standing) -> str:
    """Return how far somebody is in a course, in one line."""
    if standing.settled:
        return " · ".join(_settled(standing))
    if standing.started:
        return f"{_where(standing)} · {_left(standing.minutes_left)}"
    minutes = ngettext("%(minutes)s minute", "%(minutes)s minutes", standing.minutes) % {"minutes": standing.minutes}
    count = standing.lessons_total
    lessons = ngettext("%(lessons)s short lesson", "%(lessons)s short lessons", count) % {"lessons": count}
    again = []
    if standing.state is StepState.EXPIRED and standing.done_at is None:
        again = [_("To be taken again: what you had passed no longer counts")]
    return " · ".join([*again, minutes, lessons])


def _settled(standing: Standing) -> list[str]:
    if standing.waived and standing.until is not None:
        said = [_("You need not take this course until %(day)s") % {"day": day(standing.until)}]
    else:
        said = [_("Passed on %(day)s") % {"day": day(standing.done_at)}] if standing.done_at else []
        said += [_("valid until %(day)s") % {"day": day(standing.until)}] if standing.until else []
    if standing.redo_by:
        said.append(_("the course has changed: take it again by %(day)s") % {"day": day(standing.redo_by)})
    return said


def _where(standing: Standing) -> str:
    if standing.attempt_open:
        return _("Quiz under way")
    if standing.lessons_complete:
        return _("All lessons done: the quiz is open")
    return _("Module %(module)s of %(modules)s") % {"module": standing.module, "modules": standing.modules}


def _left(minutes: int) -> str:
    return ngettext("about %(minutes)s minute left", "about %(minutes)s minutes left", minutes) % {"minutes": minutes}


def go_on(page: CoursePage) -> str:
    """Return the text of the button that continues."""
    standing = page.standing
    if standing.attempt_open:
        return _("Go on with the quiz")
    if standing.lessons_complete:
        return _("Try the quiz again") if page.failed_before else _("Take the final quiz")
    if standing.lesson_title and not page.at_the_beginning:
        return _("Resume “%(lesson)s”") % {"lesson": standing.lesson_title}
    return _("Start the first lesson")


def start(standing: Standing) -> str:
    """Return the text of the button that begins a cycle."""
    if standing.cycle == 0 and standing.state is StepState.DONE:
        return _("Take the course anyway")
    if standing.cycle == 0 and standing.state is not StepState.EXPIRED:
        return _("Start the course")
    return _("Take the course again")


def quiz_title(page: CoursePage) -> str:
    """Return the title above the quiz's rules."""
    if page.standing.attempt_open:
        return _("Your quiz is waiting for you")
    return _("Ready for another go?") if page.failed_before else _("You have done all the lessons")


def quiz_lead(page: CoursePage) -> str:
    """Return the sentence above the quiz's rules."""
    if page.standing.attempt_open:
        return _("Your answers were kept. You go on with the first question that has none.")
    if page.failed_before:
        return _(
            "You will get questions you have not had yet, as long as there are any. What you answered before stays in your "
            "history and changes nothing."
        )
    return _("A few questions now show that you can put them to use.")
