"""The provider that the environment names."""

from __future__ import annotations

from django.core.management import call_command


def sync_providers() -> None:
    """Register it, if there is one. Raises CommandError, which names the variable that is wrong."""
    call_command("sync_providers", verbosity=0)
