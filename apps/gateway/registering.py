"""The rows of what registers itself: created once, and afterwards found again as staff have left them."""

from __future__ import annotations

from django.utils import timezone

from .enums import EMBEDDED_CONTEXT, EMBEDDED_UPSTREAM, VersionStatus
from .models import Model, ModelVersion, Provider

EMBEDDED_PROVIDER = "llama.cpp (local)"  # a proper name: it is data, whatever language it is read in
EMBEDDED_MODEL = "SmolLM2 135M Instruct"
EMBEDDED_OUTPUT = 768


def first_version(provider: Provider, *, name: str, publisher: str, **fields: object) -> tuple[ModelVersion, bool]:
    """Return the version that `provider` serves under `fields["upstream_name"]`; create it, in service, if there is none."""
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


def embedded_provider() -> Provider:
    """Return the embedded model's provider, locked; a new, unsaved one if there is none."""
    provider = Provider.objects.select_for_update().filter(embedded=True).first()
    if provider is not None:
        return provider
    name = next(n for n in (EMBEDDED_PROVIDER, f"{EMBEDDED_PROVIDER} 2") if not Provider.objects.filter(name=n).exists())
    # One small model on a shared processor: the first word may wait behind other people's.
    return Provider(name=name, embedded=True, first_timeout=120, idle_timeout=60, total_timeout=600)


def embedded_version(provider: Provider) -> tuple[ModelVersion, bool]:
    """Return the version that the embedded model serves, and whether it was created now, in service."""
    return first_version(
        provider,
        name=EMBEDDED_MODEL,
        publisher="Hugging Face",
        upstream_name=EMBEDDED_UPSTREAM,
        context_window=EMBEDDED_CONTEXT,
        max_output_tokens=EMBEDDED_OUTPUT,
        note_fr="Un très petit modèle, qui parle surtout anglais, pour essayer le portail",
        note_en="A tiny English model to try the portal with",
    )
