"""Reads of the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Literal

from .models import Alias, ModelVersion
from .policies import usable_statuses

if TYPE_CHECKING:
    from apps.accounts.models import User


@dataclass(frozen=True, slots=True)
class Choice:
    """Something one may talk to. `target` is what `prepare_call` takes.

    `kind`: an alias follows the version behind it when that changes, a version stays what it is.
    """

    target: str
    kind: Literal["alias", "version"]
    label: str
    model_name: str
    version_label: str
    status: str
    status_label: str
    note: str
    released_on: date | None
    deprecated_on: date | None
    retires_on: date | None
    context_window: int | None
    embedded: bool


def _choice(target: str, kind: Literal["alias", "version"], label: str, version: ModelVersion) -> Choice:
    return Choice(
        target=target,
        kind=kind,
        label=label,
        model_name=version.model.name,
        version_label=version.label,
        status=version.status,
        status_label=version.get_status_display(),
        note=version.note,
        released_on=version.released_on,
        deprecated_on=version.deprecated_on,
        retires_on=version.retires_on,
        context_window=version.context_window,
        embedded=version.provider.embedded,
    )


def choices_for(user: User) -> list[Choice]:
    """Return what `user` may choose now: aliases in their order, then versions by name. Two queries, one more for the right."""
    versions = list(
        ModelVersion.objects.usable(usable_statuses(user))
        .select_related("model", "provider")
        .order_by("model__name", "-created_at")
    )
    by_id = {version.pk: version for version in versions}
    aliases = Alias.objects.filter(target__in=by_id).order_by("order", "code")
    return [
        *(_choice(alias.code, "alias", alias.label, by_id[alias.target_id]) for alias in aliases if alias.target_id),
        *(_choice(str(version.pk), "version", str(version), version) for version in versions),
    ]
