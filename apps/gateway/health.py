"""The part `model` of `/readyz`: whether the standard alias leads to a version that can be called, and when it last answered."""

from __future__ import annotations

from django.utils import timezone

from apps.core.health import Unwell

from . import queries
from .enums import STANDARD_ALIAS


def model_health() -> str:
    """Return what the standard alias points to now. Raises Unwell. No call is made: a probe must cost nothing at the provider."""
    alias = queries.standard_alias()
    if alias is None or alias.target is None:
        raise Unwell(f"{STANDARD_ALIAS} points to no model version.")
    version = alias.target
    if version.is_retired():
        raise Unwell(f"{STANDARD_ALIAS} points to {version}, which is refused from {version.retires_on}.")
    if not version.provider.enabled:
        raise Unwell(f"{STANDARD_ALIAS} points to {version}, but its provider {version.provider} is not in use.")
    if version.provider.trouble:
        raise Unwell(f"{STANDARD_ALIAS} points to {version}: {version.provider.trouble}")
    last = queries.last_answer(version)
    answered = "never yet" if last is None else f"{max(int((timezone.now() - last).total_seconds()), 0)} s ago"
    return f"{STANDARD_ALIAS} is {version} at {version.provider}; last answer: {answered}"
