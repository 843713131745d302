from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts.errors import AccountError
from apps.accounts.models import Organisation, User
from apps.accounts.organisation import forget
from apps.core import audit


class ChangedMeanwhile(AccountError):
    """Somebody else has changed the organisation since the page was opened. `stored`: its values now."""

    def __init__(self, stored: Organisation) -> None:
        super().__init__(_("Somebody else has changed this page meanwhile. What you typed is still here: compare, then save it."))
        self.stored = stored


@transaction.atomic
def change_organisation(*, values: Mapping[str, Any], seen: int, actor: User) -> Organisation:
    """Set what the organisation is called, whom to ask there and which tools it approves; return it.

    `values`: the fields of `Organisation` that are to change. `seen`: the revision the page was rendered with. Writes an audit
    entry that names the fields that changed, if any did. After commit this process shows the new texts at once, the others within
    `ORGANISATION_SECONDS`. Raises ChangedMeanwhile.
    """
    Organisation.objects.get_or_create(pk=1)
    stored = Organisation.objects.select_for_update().get(pk=1)
    if stored.revision != seen:
        raise ChangedMeanwhile(stored)
    changed = [name for name, value in values.items() if getattr(stored, name) != value]
    if not changed:
        return stored
    for name in changed:
        setattr(stored, name, values[name])
    stored.revision += 1
    stored.changed_at = timezone.now()
    stored.save(update_fields=[*changed, "revision", "changed_at"])
    audit.record(
        actor=actor, action="accounts.change_organisation", target="accounts.Organisation:1", details={"changed": changed}
    )
    transaction.on_commit(forget)
    return stored
