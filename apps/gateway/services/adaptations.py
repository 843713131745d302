"""What a version's server was found to refuse: stored so that it is asked once, shown to staff, forgotten when they say so."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.gateway.enums import Adaptation
from apps.gateway.models import ModelVersion

from .known import forget_registry

if TYPE_CHECKING:
    from apps.accounts.models import User


@transaction.atomic
def keep_learned(*, version_id: uuid.UUID, learned: Mapping[Adaptation, int]) -> None:
    """Store what the server of a version refuses: from the next call on it is left out. Writes an audit entry if it is new.

    Of many calls that find out at the same time, the first one is stored.
    """
    version = ModelVersion.objects.select_for_update().filter(pk=version_id).first()
    if version is None:
        return
    since = timezone.localdate().isoformat()
    news = {
        name.value: {"value": value, "since": since}
        for name, value in learned.items()
        if version.adaptations.get(name.value, {}).get("value") != value
    }
    if not news:
        return
    version.adaptations = {**version.adaptations, **news}
    if Adaptation.NO_LIMIT.value in news:
        version.adaptations.pop(Adaptation.OTHER_LIMIT.value, None)
    version.save(update_fields=["adaptations"])
    transaction.on_commit(forget_registry)
    details = {"learned": {name: known["value"] for name, known in news.items()}}
    audit.record(actor=None, action="gateway.adapt_version", target=version, details=details)


@transaction.atomic
def forget_adaptations(*, version: ModelVersion, actor: User) -> None:
    """Forget what the server of a version refuses: the next call asks for everything again. Writes an audit entry if there was
    anything."""
    version = ModelVersion.objects.select_for_update().get(pk=version.pk)
    if not version.adaptations:
        return
    details = {"forgotten": sorted(version.adaptations)}
    version.adaptations = {}
    version.save(update_fields=["adaptations"])
    transaction.on_commit(forget_registry)
    audit.record(actor=actor, action="gateway.forget_adaptations", target=version, details=details)
