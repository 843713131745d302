"""What the command palette finds of the portal itself: places to go to."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import gettext as _

from apps.core.navigation import places
from apps.core.search import Hit, matcher

from .navigation import Position, navigation_for

if TYPE_CHECKING:
    from apps.accounts.models import User

PLACES_AT_FIRST = 12


def find_places(user: User, text: str, limit: int) -> list[Hit]:
    """Return the places whose name contains `text`; without a text, places to suggest."""
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
    matches = matcher(text)
    return [hit for hit in found if matches(hit.label)][: limit if text else PLACES_AT_FIRST]
