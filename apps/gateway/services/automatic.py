"""What registers itself when Almia starts: the embedded model, and one provider named by the environment."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.gateway.addresses import check_base_url
from apps.gateway.enums import STANDARD_ALIAS
from apps.gateway.models import Alias, ModelVersion, Provider
from apps.gateway.provider_keys import put_key, read_key
from apps.gateway.registering import embedded_provider, embedded_version, first_version

from .known import forget_registry

STANDARD_LABEL = "Almia standard"


def _offer(version: ModelVersion, *, over_automatic: bool) -> bool:
    """Point the standard alias to `version` unless a person (or, by default, anything) has; return whether it moved."""
    alias, _ = Alias.objects.select_for_update().get_or_create(
        code=STANDARD_ALIAS, defaults={"label": STANDARD_LABEL, "order": 10, "automatic": True}
    )
    free = alias.target_id is None or (over_automatic and alias.automatic)
    if not free or alias.target_id == version.pk:
        return False
    alias.target, alias.automatic, alias.changed_at = version, True, timezone.now()
    alias.save(update_fields=["target", "automatic", "changed_at"])
    return True


@transaction.atomic
def register_embedded(*, base_url: str, api_key: str) -> ModelVersion:
    """Register where the embedded model answers; the first time, create its provider, its model and its version.

    `almia-standard` points to it if it pointed nowhere. What an administrator has changed (names, status, in use or not) stays.
    Clears the provider's trouble. Writes an audit entry when something is new, not for each start's address.
    """
    provider = embedded_provider()
    provider.base_url = check_base_url(base_url)
    provider.trouble, provider.trouble_at = "", None
    put_key(provider, api_key)
    provider.save()
    transaction.on_commit(forget_registry)
    version, made = embedded_version(provider)
    if _offer(version, over_automatic=False) or made:
        audit.record(actor=None, action="gateway.register_embedded", target=version)
    return version


@transaction.atomic
def report_embedded_trouble(*, reason: str) -> None:
    """Note why the embedded model does not run, for the models page and `/readyz`. Does nothing if it never ran."""
    Provider.objects.filter(embedded=True).update(trouble=reason[:300], trouble_at=timezone.now())


@transaction.atomic
def register_from_environment(*, name: str, base_url: str, api_key: str, model: str) -> ModelVersion:
    """Create or update the provider `name` and the version it serves as `model`.

    `almia-standard` points to it unless a person has pointed it elsewhere. Writes an audit entry when anything changed.
    Raises AddressRefused for an address that a provider must not have.
    """
    provider = Provider.objects.select_for_update().filter(name=name).first() or Provider(name=name)
    fresh = provider._state.adding
    base_url = check_base_url(base_url, allow_plain_http=provider.allow_plain_http)
    changed = fresh or provider.base_url != base_url or not provider.from_environment or read_key(provider) != api_key
    elsewhere = not fresh and provider.base_url != base_url
    if changed:
        provider.base_url, provider.from_environment = base_url, True
        put_key(provider, api_key)
        provider.save()
    if elsewhere:
        provider.begin_anew()
    transaction.on_commit(forget_registry)
    version, made = first_version(provider, name=model, publisher="", upstream_name=model)
    moved = _offer(version, over_automatic=True)
    if changed or made or moved:
        audit.record(
            actor=None,
            action="gateway.register_from_environment",
            target=version,
            details={"provider": provider.name, "base_url": base_url, "alias_moved": moved},
        )
    return version
