"""System checks: what must hold before Almia starts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.apps import AppConfig
from django.conf import settings
from django.core import checks

from . import catalogues


@checks.register(checks.Tags.translation)
def catalogues_are_compiled(app_configs: Sequence[AppConfig] | None, **options: Any) -> list[checks.CheckMessage]:
    """Without its compiled catalogues Almia would silently speak English to everyone."""
    behind = catalogues.behind(settings.LOCALE_PATHS)
    if not behind:
        return []
    return [
        checks.Error(
            f"{len(behind)} catalogues of translations are not compiled, {behind[0]} among them.",
            hint="Run `python -m apps.core.catalogues` where Almia is installed.",
            id="almia.E001",
        )
    ]
