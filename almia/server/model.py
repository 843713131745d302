"""The embedded model, brought up beside the server and never in its way."""

from __future__ import annotations

import logging
import threading
from pathlib import Path
from typing import Any

from django.db import connection

logger = logging.getLogger("almia.server")

READY_SECONDS = 120.0


class EmbeddedModel:
    """Starts the model's child process on a thread, waits until it answers and registers it as a provider."""

    def __init__(self, home: Path) -> None:
        self._home = home
        self._handle: Any = None
        self._lock = threading.Lock()
        self._stopped = False
        self._thread = threading.Thread(target=self._bring_up, name="model", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def _bring_up(self) -> None:
        try:
            from apps.gateway import embedded, services

            with self._lock:
                if self._stopped:
                    return
                self._handle = embedded.start(home=self._home)
            self._handle.wait_ready(READY_SECONDS)
            services.register_embedded(base_url=self._handle.base_url, api_key=self._handle.api_key)
        except Exception:
            if not self._stopped:
                # Everything else works without it, and /readyz says that it is missing.
                logger.exception("The embedded model could not be started; the portal goes on without it.")
        finally:
            connection.close()

    def stop(self) -> None:
        """End the child process."""
        with self._lock:
            self._stopped = True
            if self._handle is not None:
                self._handle.stop()
