from __future__ import annotations

import hashlib
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from apps.accounts.errors import AccountError
from apps.accounts.imports import Preview, read
from apps.accounts.models import User
from apps.core import audit


@dataclass(frozen=True, slots=True)
class Imported:
    new: int
    changed: int


class ImportRefused(AccountError):
    """The file does not fit what there is now; `preview` says line by line why."""

    def __init__(self, preview: Preview) -> None:
        super().__init__(_("Some lines cannot be taken: nothing was changed."))
        self.preview = preview


@transaction.atomic
def import_people(*, text: str, actor: User) -> Imported:
    """Enter and change people as the CSV `text` says: all of it, or nothing. Roles, passwords and closed accounts stay.

    The file is checked again here. Writes one audit entry with the file's digest and the counts.
    Raises ImportRefused, AccountError.
    """
    preview = read(text)
    if preview.errors:
        raise ImportRefused(preview)
    people = [User(email=line.email, password=make_password(None), **line.values) for line in preview.new]
    for person in people:
        person.fold()
    try:
        with transaction.atomic():
            User.objects.bulk_create(people, batch_size=500)
            EmailAddress.objects.bulk_create(
                [EmailAddress(user=person, email=person.email, primary=True, verified=True) for person in people], batch_size=500
            )
    except IntegrityError:
        raise AccountError(_("Somebody entered one of these people meanwhile. Look at the file again.")) from None
    for line in preview.changed:
        assert line.person is not None
        for name in line.changed:
            setattr(line.person, name, line.values[name])
        line.person.save(update_fields=line.changed)
    result = Imported(new=len(preview.new), changed=len(preview.changed))
    digest = hashlib.sha256(text.encode()).hexdigest()
    audit.record(
        actor=actor,
        action="accounts.import_people",
        target=f"file:{digest[:32]}",
        details={"new": result.new, "changed": result.changed},
    )
    return result
