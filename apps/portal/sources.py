"""What the portal itself adds to the command palette."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from apps.core.search import Hit, folded

from .navigation import Position, navigation_for

if TYPE_CHECKING:
    from apps.accounts.models import User


def find_places(user: User, text: str, limit: int) -> list[Hit]:
    """Return the places whose name holds every word of `text`; without a text, the first ones."""
    words = folded(text).split()
    around = navigation_for(user, Position("", None))
    staff = {entry.url for section in around.staff for entry in section.items}
    return [
        Hit(
            label=entry.label,
            url=entry.url,
            icon="lock" if entry.locked else entry.icon,
            meta=_("locked") if entry.locked else _("Staff area") if entry.url in staff else "",
        )
        for entry in around.entries
        if all(word in folded(entry.label) for word in words)
    ][: limit if text else 12]
