from __future__ import annotations

from apps.accounts.models import Organisation


def stored_organisation() -> Organisation:
    """Return the organisation as it is stored, to be changed; an empty one until staff have entered something. One query."""
    return Organisation.objects.filter(pk=1).first() or Organisation()
