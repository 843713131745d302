from __future__ import annotations

from apps.gateway.models import ModelVersion

# What a call needs of the registry (when it was read, version, alias, key), read at most every `REGISTRY_SECONDS`: five tables
# for each message would cost more than everything else in a turn. A change made in this process takes effect at once, one made
# elsewhere within that time.
known: dict[str, tuple[float, ModelVersion, str, str]] = {}


def forget_registry() -> None:
    """Read the registry again at the next call. Called after every change of providers, versions and aliases."""
    known.clear()
