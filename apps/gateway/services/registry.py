"""What staff change: providers, models, their versions, and the aliases that point to them."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.core import audit
from apps.core.refusals import Refusal
from apps.gateway.addresses import check_base_url
from apps.gateway.enums import VersionStatus
from apps.gateway.models import Alias, Model, ModelVersion, Provider
from apps.gateway.provider_keys import put_key

from .known import forget_registry

if TYPE_CHECKING:
    from apps.accounts.models import User

SERVED = (VersionStatus.ACTIVE, VersionStatus.DEPRECATED)


class RegistryError(Refusal):
    """A change that cannot be made."""


def _set(instance: Any, values: dict[str, Any]) -> list[str]:
    """Set `values` on the instance; return the names of those that differ from before."""
    changed = [name for name, value in values.items() if getattr(instance, name) != value]
    for name in changed:
        setattr(instance, name, values[name])
    return changed


@transaction.atomic
def create_provider(*, actor: User, api_key: str = "", **fields: Any) -> Provider:
    """Add a provider; its key is stored encrypted. `fields`: those of `Provider` that staff may set.

    Writes an audit entry. Raises RegistryError for an address that a provider must not have, CryptoError when the key cannot be
    encrypted.
    """
    provider = Provider(**fields)
    _check_address(provider)
    put_key(provider, api_key)
    provider.save(force_insert=True)
    _saved()
    audit.record(actor=actor, action="gateway.create_provider", target=provider, details={"base_url": provider.base_url})
    return provider


@transaction.atomic
def change_provider(
    *, provider: Provider, actor: User, api_key: str | None = None, forget_key: bool = False, **fields: Any
) -> Provider:
    """Change a provider. `api_key`: a new key (None or empty keeps the current one), `forget_key`: remove it.

    The current key is sent to the place it was typed for, and nowhere else: another scheme, host or port requires the key again.
    Address and key of the embedded model, and of a provider that the environment names, are set at start and cannot be changed.
    Takes effect with the next call. Writes an audit entry that names what changed, if anything did.
    Raises RegistryError, CryptoError.
    """
    provider = Provider.objects.select_for_update().get(pk=provider.pk)
    before = _place_of(provider)
    changed = _set(provider, fields)
    if api_key or forget_key:
        put_key(provider, "" if forget_key else api_key or "")
        changed.append("api_key")
    if provider.is_managed and {"base_url", "api_key"} & set(changed):
        raise RegistryError(_("The address and the key of this provider are set when Almia starts."))
    if not changed:
        return provider
    _check_address(provider)
    if provider.has_key and "api_key" not in changed and _place_of(provider) != before:
        raise RegistryError(
            _("Type the key again: the stored key is only ever sent to the address it was given for."),
            field="api_key",
        )
    provider.save()
    if {"base_url", "token_limit"} & set(changed):  # “the other name” then means a different one
        provider.begin_anew()
    _saved()
    audit.record(
        actor=actor,
        action="gateway.change_provider",
        target=provider,
        details={"changed": sorted(changed), "base_url": provider.base_url},
    )
    return provider


def _saved() -> None:
    """From the commit on, this process reads the registry again; others do within seconds."""
    transaction.on_commit(forget_registry)


def _place_of(provider: Provider) -> tuple[str, str | None, int | None]:
    """Return what decides who receives a key: scheme, host and port."""
    parts = urlsplit(provider.base_url)
    return parts.scheme, parts.hostname, parts.port


def _check_address(provider: Provider) -> None:
    provider.base_url = check_base_url(provider.base_url, allow_plain_http=provider.allow_plain_http)


@transaction.atomic
def change_model(*, model: Model, name: str, publisher: str, actor: User) -> Model:
    """Rename a model or its publisher. Existing answers keep the name they were given under. Writes an audit entry."""
    model = Model.objects.select_for_update().get(pk=model.pk)
    changed = _set(model, {"name": name, "publisher": publisher})
    if changed:
        model.save(update_fields=changed)
        _saved()
        audit.record(actor=actor, action="gateway.change_model", target=model, details={"changed": changed})
    return model


@transaction.atomic
def create_version(*, model_name: str, publisher: str, actor: User, **fields: Any) -> ModelVersion:
    """Add a version, and its model if there is none of that name. It begins as a preview, which few people may use.

    `publisher` applies to a new model only. Writes an audit entry. Raises RegistryError for a label that the model already has.
    """
    model, _created = Model.objects.get_or_create(name=model_name, defaults={"publisher": publisher})
    if model.versions.filter(label=fields["label"]).exists():
        raise RegistryError(_("This model already has a version of this name."), field="label")
    version = ModelVersion.objects.create(model=model, status=VersionStatus.PREVIEW, **fields)
    audit.record(
        actor=actor,
        action="gateway.create_version",
        target=version,
        details={"provider": version.provider.name, "upstream_name": version.upstream_name},
    )
    return version


@transaction.atomic
def change_version(*, version: ModelVersion, actor: User, **fields: Any) -> ModelVersion:
    """Change the description or prices of a version. Its status has its own service. A new price applies from the next call.

    Writes an audit entry with old and new prices. Raises RegistryError for a label that the model already has.
    """
    version = ModelVersion.objects.select_for_update().get(pk=version.pk)
    prices = {name: str(getattr(version, name)) for name in ("price_in", "price_out", "currency")}
    changed = _set(version, fields)
    if not changed:
        return version
    if version.model.versions.filter(label=version.label).exclude(pk=version.pk).exists():
        raise RegistryError(_("This model already has a version of this name."), field="label")
    if {"upstream_name", "provider"} & set(changed):
        version.adaptations = {}  # another server, or another model on it
        changed.append("adaptations")
    version.save(update_fields=changed)
    _saved()
    details: dict[str, Any] = {"changed": sorted(changed)}
    if set(prices) & set(changed):
        details |= {"before": prices, "after": {name: str(getattr(version, name)) for name in prices}}
    audit.record(actor=actor, action="gateway.change_version", target=version, details=details)
    return version


@transaction.atomic
def change_version_status(
    *,
    version: ModelVersion,
    status: VersionStatus,
    reason: str,
    actor: User,
    deprecated_on: date | None = None,
    retires_on: date | None = None,
) -> ModelVersion:
    """Move a version to another status. Takes effect with the next call.

    `deprecated_on` (today) and `retires_on` (open) apply to a version being phased out; retiring means today at the latest.
    Back in service, both are cleared. Writes an audit entry.
    Raises RegistryError: no reason, dates in the wrong order, or an alias that would be left without a version that answers.
    """
    if not reason.strip():
        raise RegistryError(_("Say why. It is kept in the audit trail."), field="reason")
    version = ModelVersion.objects.select_for_update().get(pk=version.pk)
    before = version.status
    today = timezone.localdate()
    if status not in SERVED:
        _check_no_alias(version)
    if status == VersionStatus.DEPRECATED:
        version.deprecated_on, version.retires_on = deprecated_on or today, retires_on
    elif status == VersionStatus.RETIRED:
        version.retires_on = min(version.retires_on or today, today)
        if version.deprecated_on is not None:
            version.deprecated_on = min(version.deprecated_on, version.retires_on)
    else:
        version.deprecated_on, version.retires_on = None, None
    if status == VersionStatus.ACTIVE and version.released_on is None:
        version.released_on = today
    _check_dates(version)
    version.status = status
    version.save(update_fields=["status", "released_on", "deprecated_on", "retires_on"])
    _saved()
    audit.record(
        actor=actor,
        action="gateway.change_status",
        target=version,
        reason=reason.strip(),
        details={
            "from": before,
            "to": status.value,
            "deprecated_on": version.deprecated_on.isoformat() if version.deprecated_on else None,
            "retires_on": version.retires_on.isoformat() if version.retires_on else None,
        },
    )
    return version


def _check_no_alias(version: ModelVersion) -> None:
    labels = list(version.aliases.order_by("order", "code").values_list("label", flat=True))
    if labels:
        raise RegistryError(
            _("“%(alias)s” still points to this version. Point it to another one first.") % {"alias": labels[0]}, field="status"
        )


def _check_dates(version: ModelVersion) -> None:
    if version.released_on and version.deprecated_on and version.deprecated_on < version.released_on:
        raise RegistryError(_("A version cannot be phased out before it is released."), field="deprecated_on")
    if version.deprecated_on and version.retires_on and version.retires_on < version.deprecated_on:
        raise RegistryError(_("A version cannot be refused before it is phased out."), field="retires_on")


@transaction.atomic
def create_alias(*, code: str, label: str, order: int, target: ModelVersion, reason: str, actor: User) -> Alias:
    """Add a name under which people find a version. Writes an audit entry.

    Raises RegistryError like `change_alias`, and for a code that is taken.
    """
    if Alias.objects.filter(code=code).exists():
        raise RegistryError(_("There is an alias of this code already."), field="code")
    _check_target(target, reason)
    alias = Alias.objects.create(code=code, label=label, order=order, target=target)
    audit.record(actor=actor, action="gateway.create_alias", target=alias, reason=reason.strip(), details={"to": str(target.pk)})
    return alias


@transaction.atomic
def change_alias(*, alias: Alias, label: str, order: int, target: ModelVersion, reason: str, actor: User) -> Alias:
    """Rename an alias, or point it to another version: from the next message on, everybody who uses it talks to that one.

    Once a person has pointed it somewhere, nothing that registers itself at start moves it. Writes an audit entry.
    Raises RegistryError without a reason, or for a version that cannot answer.
    """
    alias = Alias.objects.select_for_update().get(pk=alias.pk)
    before = alias.target_id
    changed = _set(alias, {"label": label, "order": order})
    if before != target.pk:
        _check_target(target, reason)
        alias.target, alias.changed_at = target, timezone.now()
        changed.append("target")
    if not changed and not alias.automatic:
        return alias
    alias.automatic = False
    alias.save()
    _saved()
    audit.record(
        actor=actor,
        action="gateway.point_alias" if before != target.pk else "gateway.change_alias",
        target=alias,
        reason=reason.strip(),
        details={"from": str(before) if before else None, "to": str(target.pk), "changed": sorted(changed)},
    )
    return alias


def _check_target(version: ModelVersion, reason: str) -> None:
    if not reason.strip():
        raise RegistryError(_("Say why. It is kept in the audit trail."), field="reason")
    version = ModelVersion.objects.select_for_update().select_related("provider").get(pk=version.pk)
    if version.status not in SERVED or version.is_retired():
        raise RegistryError(_("This version is not in service: nobody could talk to it."), field="target")
    if not version.provider.enabled:
        raise RegistryError(_("The provider of this version is not in use: nobody would answer."), field="target")
