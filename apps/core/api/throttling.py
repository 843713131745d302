from __future__ import annotations

from rest_framework.throttling import UserRateThrottle


class PersonThrottle(UserRateThrottle):
    """A number of requests a minute per person, whatever the token: `settings.API_RATE`."""

    scope = "person"
