"""A person's rights, read once for a request: the page and the frame around it ask for the same ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

from apps.access import home
from apps.access.queries import Explanation, explain_all
from apps.core.navigation import places

if TYPE_CHECKING:
    from django.http import HttpRequest

    from apps.accounts.models import User


AREAS = ("main", "community")
STAFF = "staff"


class Rights:
    """What `user` may do now, and why. Reads nothing before it is first used, and nothing twice: it lives as long as a
    request."""

    def __init__(self, user: User) -> None:
        self._user = user
        self._explained: dict[str, Explanation] = {}

    def explain(self, code: str) -> Explanation:
        """Return what the capability `code` requires and the state of each requirement. One query, the first time."""
        if code not in self._explained:
            # Together with all that the navigation and the home page will ask for: that is one query as well.
            shown = {place.capability for area in (*AREAS, STAFF) for place in places(area) if place.capability}
            shown |= home.capabilities_asked()
            self._explained |= explain_all(self._user, ({code} | shown) - self._explained.keys())
        return self._explained[code]

    def has(self, code: str) -> bool:
        """Whether the capability `code` is open to them. Like `explain`."""
        return self.explain(code).granted


def rights_of(request: HttpRequest, user: User) -> Rights:
    """Return the rights of the person who asks, stored on the request."""
    rights: Rights | None = getattr(request, "_rights", None)
    if rights is None:
        rights = Rights(user)
        request._rights = rights  # type: ignore[attr-defined]  # Django's requests are made to carry such things
    return rights
