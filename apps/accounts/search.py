"""What the command palette finds of this app: people, for those who may look people up."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.urls import reverse

from apps.core.search import Hit

from . import queries

if TYPE_CHECKING:
    from .models import User

SHORTEST = 2  # characters: one letter is not a search


def find_people(user: User, text: str, limit: int) -> list[Hit]:
    """Return people by name or e-mail address. One query, besides those for permissions."""
    if len(text) < SHORTEST or not user.has_perm("accounts.see_people"):
        return []
    return [
        Hit(
            label=str(person),
            url=reverse("accounts:person", args=[person.pk]),
            icon="user",
            meta=str(person.entity) if person.entity else person.email,
        )
        for person in queries.find_people(text=text).prefetch_related(None)[:limit]
    ]
