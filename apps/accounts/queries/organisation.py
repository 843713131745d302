from __future__ import annotations

from apps.accounts.models import Organisation


def stored_organisation() -> Organisation:
    """Return the organisation as it is kept, to be changed; one that says nothing until staff have said something. One query."""
    return Organisation.objects.filter(pk=1).first() or Organisation()
