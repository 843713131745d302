"""How far somebody is in the courses, for the home page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from apps.access.home import Stage

from .queries import Standing, path_for

if TYPE_CHECKING:
    from apps.accounts.models import User


def stages_for(user: User) -> dict[str, Stage]:
    """Return a stage for each training that a course teaches, by its code. As many queries as `path_for`."""
    return {standing.training: _stage(standing) for standing in path_for(user)}


def _stage(standing: Standing) -> Stage:
    return Stage(
        title=standing.title,
        started=standing.started,
        remaining=1 - standing.progress,
        minutes=standing.minutes,
        minutes_left=standing.minutes_left,
        url=standing.url,
        action=_action(standing),
        meta=_where(standing),
        done=standing.lessons_done,
        parts=standing.lessons_total + 1,  # the quiz counts like a lesson
    )


def _action(standing: Standing) -> str:
    if standing.attempt_open:
        return _("Go on with the quiz of “%(course)s”") % {"course": standing.title}
    if standing.lessons_complete:
        return _("Take the quiz of “%(course)s”") % {"course": standing.title}
    return _("Resume “%(lesson)s”") % {"lesson": standing.lesson_title} if standing.lesson_title else ""


def _where(standing: Standing) -> str:
    if standing.lessons_complete:
        return _("Only the quiz is left")
    return _("Module %(module)s of %(modules)s · %(minutes)s min left") % {
        "module": standing.module,
        "modules": standing.modules,
        "minutes": standing.minutes_left,
    }
