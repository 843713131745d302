"""The embedded model, started beside the server without ever blocking it."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import TYPE_CHECKING

from django.db import connection

if TYPE_CHECKING:
    from apps.gateway import embedded


class EmbeddedModel:
    """Starts the model's child process and registers it as a provider each time it answers (it is restarted when it dies)."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._handle: embedded.EmbeddedModel | None = None
        self._lock = threading.Lock()
        self._stopped = False

    def start(self) -> None:
        """Start the child and return at once; everything else works without it, and `/readyz` says if it is missing."""
        from apps.gateway import embedded

        with self._lock:
            if not self._stopped:
                self._handle = embedded.start(home=self._home, on_ready=_register, on_trouble=_report)

    def stop(self) -> None:
        """End the child process."""
        with self._lock:
            self._stopped = True
            if self._handle is not None:
                self._handle.stop()


def _register(model: embedded.EmbeddedModel) -> None:
    from apps.gateway.services import register_embedded

    try:
        register_embedded(base_url=model.base_url, api_key=model.api_key)
    finally:
        connection.close()


def _report(reason: str) -> None:
    from apps.gateway.services import report_embedded_trouble

    try:
        report_embedded_trouble(reason=reason)
    finally:
        connection.close()
