"""Reads of the gateway."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import TYPE_CHECKING, Literal
from uuid import UUID

from django.db.models import Count, Prefetch, Q, QuerySet
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core.missing import get_or_not_there

from .enums import STANDARD_ALIAS, Outcome, VersionStatus
from .errors import Code, GatewayError
from .models import Alias, Model, ModelVersion, Provider, UsageEntry
from .policies import can_manage_models, usable_statuses

if TYPE_CHECKING:
    from apps.accounts.models import User


def standard_alias() -> Alias | None:
    """Return what people talk to unless they choose otherwise, with its version and provider. One query."""
    return Alias.objects.filter(pk=STANDARD_ALIAS).select_related("target__model", "target__provider").first()


def last_answer(version: ModelVersion) -> datetime | None:
    """Return when the last answer that `version` completed began. One query."""
    answers = UsageEntry.objects.filter(version=version, outcome=Outcome.COMPLETED).order_by("-started_at")
    return answers.values_list("started_at", flat=True).first()


@dataclass(frozen=True, slots=True)
class Choice:
    """Something a person may talk to. `target` is what `prepare_call` takes.

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


@dataclass(frozen=True, slots=True)
class Remedy:
    """Where somebody can put right what a call was refused for."""

    label: str
    url: str


def remedy_for(user: User, error: Exception) -> Remedy | None:
    """Return where `user` can put right what `error` says, or None if somebody else has to. No query but for the right."""
    if isinstance(error, GatewayError) and error.code is Code.NOT_CONFIGURED and can_manage_models(user):
        return Remedy(_("Open the models page"), reverse("gateway:models"))
    return None


def remedy_fields(user: User, error: Exception) -> dict[str, str]:
    """Return the fields of a socket's error that say what `remedy_for` says: nothing if there is no remedy."""
    remedy = remedy_for(user, error)
    return {"url": remedy.url, "url_label": remedy.label} if remedy else {}


def registered_models() -> QuerySet[Model]:
    """Return all models with their versions (the newest first), providers and aliases, for staff. Three queries."""
    versions = ModelVersion.objects.select_related("provider").order_by("-created_at")
    versions = versions.prefetch_related(Prefetch("aliases", Alias.objects.order_by("order", "code")))
    return Model.objects.order_by("name").prefetch_related(Prefetch("versions", versions))


def registered_aliases() -> QuerySet[Alias]:
    """Return all aliases with what they point to, in the order people see them."""
    return Alias.objects.select_related("target__model", "target__provider").order_by("order", "code")


def registered_providers() -> QuerySet[Provider]:
    """Return all providers, each with `served`: how many of its versions can be called."""
    today = timezone.localdate()
    callable_now = Q(versions__status__in=[VersionStatus.ACTIVE, VersionStatus.DEPRECATED]) & (
        Q(versions__retires_on__isnull=True) | Q(versions__retires_on__gt=today)
    )
    return Provider.objects.annotate(served=Count("versions", filter=callable_now)).order_by("name")


def versions_to_point_to() -> QuerySet[ModelVersion]:
    """Return the versions that an alias may point to."""
    return (
        ModelVersion.objects.usable([VersionStatus.ACTIVE.value, VersionStatus.DEPRECATED.value])
        .select_related("model", "provider")
        .order_by("model__name", "-created_at")
    )


def versions_ending(*, within: timedelta) -> QuerySet[ModelVersion]:
    """Return the versions that answer today and will be refused before `within` is over, the first to end first, with the aliases
    that lead to them. Two queries."""
    today = timezone.localdate()
    statuses = [status.value for status in VersionStatus if status is not VersionStatus.RETIRED]
    return (
        ModelVersion.objects.usable(statuses, today)
        .filter(retires_on__lte=today + within)
        .select_related("model", "provider")
        .prefetch_related(Prefetch("aliases", Alias.objects.order_by("order", "code")))
        .order_by("retires_on", "model__name", "pk")
    )


def get_provider(provider_id: UUID) -> Provider:
    """Return a provider. Raises NotThere."""
    return get_or_not_there(Provider.objects.all(), pk=provider_id)


def get_model(model_id: UUID) -> Model:
    """Return a model. Raises NotThere."""
    return get_or_not_there(Model.objects.all(), pk=model_id)


def get_version(version_id: UUID) -> ModelVersion:
    """Return a version with its model and provider. Raises NotThere."""
    return get_or_not_there(ModelVersion.objects.select_related("model", "provider"), pk=version_id)


def get_alias(code: str) -> Alias:
    """Return an alias with what it points to. Raises NotThere."""
    return get_or_not_there(registered_aliases(), pk=code)
