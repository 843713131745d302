"""What the command palette searches: places, courses and lessons, one's own conversations, people.

Each source asks for the rights itself: what somebody may not open is never named.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.access.queries import has_capability
from apps.accounts import queries as accounts
from apps.chat.commands import USE
from apps.chat.queries import conversations_for, headings
from apps.core.navigation import places
from apps.core.search import Hit
from apps.core.text import folded
from apps.learning.queries import published_courses, readable_lessons

from .navigation import Position, navigation_for

if TYPE_CHECKING:
    from apps.accounts.models import User
    from apps.chat.queries import Heading

PLACES_AT_FIRST = 12
PEOPLE_FROM = 2
CONVERSATIONS_READ = 500  # titles are encrypted: those of the latest conversations are opened and compared


def matches(text: str, *fields: str) -> bool:
    """Whether every word of `text` stands somewhere in `fields`, whatever the accents and the case."""
    searched = folded(" ".join(fields))
    return all(word in searched for word in folded(text).split())


def find_places(user: User, text: str, limit: int) -> list[Hit]:
    """Return the places whose name holds `text`; without a text, where one can go."""
    around = navigation_for(user, Position("", None))
    staff = {entry.url for section in around.staff for entry in section.items}
    found = [
        Hit(
            label=entry.label,
            url=entry.url,
            icon="lock" if entry.locked else entry.icon,
            meta=_("locked") if entry.locked else _("Staff area") if entry.url in staff else "",
        )
        for entry in around.entries
    ]
    found += [Hit(label=str(place.label), url=reverse(place.url_name), icon=place.icon) for place in places("own")]
    return [hit for hit in found if matches(text, hit.label)][: limit if text else PLACES_AT_FIRST]


def find_courses(user: User, text: str, limit: int) -> list[Hit]:
    """Return the courses and the lessons whose title holds `text`."""
    found = [
        Hit(label=course.title, url=reverse("learning:course", args=[course.code]), icon="graduation-cap", meta=_("Course"))
        for course in published_courses()
        if matches(text, course.title)
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
        if matches(text, lesson.title)
    ]
    return found[:limit]


def find_conversations(user: User, text: str, limit: int) -> list[Hit]:
    """Return one's own conversations by title, the latest first; without a text, the latest. Closed with the chat."""
    if not has_capability(user, USE):
        return []
    read = limit if not text else CONVERSATIONS_READ
    return [_conversation(heading) for heading in _titled(headings(list(conversations_for(user)[:read])), text)][:limit]


def _titled(found: Iterable[Heading], text: str) -> list[Heading]:
    return [heading for heading in found if heading.title is not None and matches(text, heading.title)]


def _conversation(heading: Heading) -> Hit:
    return Hit(label=heading.title or "", url=reverse("chat:conversation", args=[heading.id]), icon="message")


def find_people(user: User, text: str, limit: int) -> list[Hit]:
    """Return people by name or e-mail address, for who may look people up."""
    if len(text) < PEOPLE_FROM or not user.has_perm("accounts.see_people"):
        return []
    return [
        Hit(
            label=str(person),
            url=reverse("accounts:person", args=[person.pk]),
            icon="user",
            meta=str(person.entity) if person.entity else person.email,
        )
        for person in accounts.find_people(text=text).prefetch_related(None)[:limit]
    ]
