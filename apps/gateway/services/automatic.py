"""What registers itself when Almia starts: the embedded model, and one provider named by the environment."""

from __future__ import annotations

from django.db import transaction
from django.utils import timezone

from apps.core import audit
from apps.gateway.addresses import check_base_url
from apps.gateway.enums import EMBEDDED_CONTEXT, EMBEDDED_UPSTREAM, STANDARD_ALIAS, VersionStatus
from apps.gateway.models import Alias, Model, ModelVersion, Provider
from apps.gateway.provider_keys import put_key, read_key

from .known import forget_registry

EMBEDDED_PROVIDER = "llama.cpp (local)"  # a proper name: it is data, in whatever language it is read
EMBEDDED_MODEL = "SmolLM2 135M Instruct"
EMBEDDED_OUTPUT = 768
STANDARD_LABEL = "Almia standard"


def _first_version(provider: Provider, *, name: str, publisher: str, **fields: object) -> tuple[ModelVersion, bool]:
    """Return the version that `provider` serves under `fields["upstream_name"]`; make it, in service, if there is none."""
    known = provider.versions.filter(upstream_name=fields["upstream_name"]).order_by("-created_at").first()
    if known is not None:
        return known, False
    model, _ = Model.objects.get_or_create(name=name, defaults={"publisher": publisher})
    taken = set(model.versions.values_list("label", flat=True))
    label = next(label for number in range(1, len(taken) + 2) if (label := f"v{number}") not in taken)
    version = ModelVersion.objects.create(
        model=model,
        provider=provider,
        label=label,
        status=VersionStatus.ACTIVE,
        released_on=timezone.localdate(),
        **fields,
    )
    return version, True


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


def embedded_provider() -> Provider:
    """Return the embedded model's provider, locked; a new one, which is not stored yet, where there is none."""
    provider = Provider.objects.select_for_update().filter(embedded=True).first()
    if provider is not None:
        return provider
    name = next(n for n in (EMBEDDED_PROVIDER, f"{EMBEDDED_PROVIDER} 2") if not Provider.objects.filter(name=n).exists())
    # One small model on a shared processor: the first word may wait behind other people's.
    return Provider(name=name, embedded=True, first_timeout=120, idle_timeout=60, total_timeout=600)


def _embedded_version(provider: Provider) -> tuple[ModelVersion, bool]:
    return _first_version(
        provider,
        name=EMBEDDED_MODEL,
        publisher="Hugging Face",
        upstream_name=EMBEDDED_UPSTREAM,
        context_window=EMBEDDED_CONTEXT,
        max_output_tokens=EMBEDDED_OUTPUT,
        note_fr="Un très petit modèle, qui parle surtout anglais, pour essayer le portail",
        note_en="A tiny English model to try the portal with",
    )


def embedded_version(provider: Provider) -> ModelVersion:
    """Return the version that the embedded model serves; make it, in service, if there is none."""
    return _embedded_version(provider)[0]


@transaction.atomic
def register_embedded(*, base_url: str, api_key: str) -> ModelVersion:
    """Tell where the embedded model answers; the first time, make its provider, its model and its version.

    `almia-standard` points to it if it pointed nowhere. What an administrator has changed (names, status, in use or not) stays.
    Clears the provider's trouble. Writes an audit entry when something is new, not for the address of each start.
    """
    provider = embedded_provider()
    provider.base_url = check_base_url(base_url)
    provider.trouble, provider.trouble_at = "", None
    put_key(provider, api_key)
    provider.save()
    transaction.on_commit(forget_registry)
    version, made = _embedded_version(provider)
    if _offer(version, over_automatic=False) or made:
        audit.record(actor=None, action="gateway.register_embedded", target=version)
    return version


@transaction.atomic
def report_embedded_trouble(*, reason: str) -> None:
    """Note why the embedded model does not run, for the models page and `/readyz`. Nothing happens where it never ran."""
    Provider.objects.filter(embedded=True).update(trouble=reason[:300], trouble_at=timezone.now())


@transaction.atomic
def register_from_environment(*, name: str, base_url: str, api_key: str, model: str) -> ModelVersion:
    """Make or update the provider `name` and the version it serves as `model`.

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
    version, made = _first_version(provider, name=model, publisher="", upstream_name=model)
    moved = _offer(version, over_automatic=True)
    if changed or made or moved:
        audit.record(
            actor=None,
            action="gateway.register_from_environment",
            target=version,
            details={"provider": provider.name, "base_url": base_url, "alias_moved": moved},
        )
    return version
