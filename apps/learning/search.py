"""What the command palette finds of this app: courses and lessons."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.search import Hit, matcher

from .queries import published_courses, readable_lessons

if TYPE_CHECKING:
    from apps.accounts.models import User


def find_courses(user: User, text: str, limit: int) -> list[Hit]:
    """Return the courses and the lessons whose title contains `text`. Two queries."""
    matches = matcher(text)
    found = [
        Hit(label=course.title, url=reverse("learning:course", args=[course.code]), icon="graduation-cap", meta=_("Course"))
        for course in published_courses()
        if matches(course.title)
    ]
    lessons = readable_lessons().defer("body_fr", "body_en")
    found += [
        Hit(
            label=lesson.title,
            url=reverse("learning:lesson", args=[lesson.course_id, lesson.code]),
            icon="book-open",
            meta=lesson.course.title,
        )
        for lesson in lessons
        if matches(lesson.title)
    ]
    return found[:limit]
