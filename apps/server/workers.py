"""Celery's worker and its scheduler on threads of this process."""

from __future__ import annotations

import logging
import os
import threading
import time

from celery import current_app
from celery.beat import Scheduler, Service
from celery.worker import WorkController

logger = logging.getLogger("almia.server")

CONCURRENCY = 2


class Workers:
    """`start` returns at once; `stop` waits a moment for the task that is running."""

    def __init__(self) -> None:
        # The worker would run Django's checks again; serve has done so.
        os.environ.setdefault("CELERY_SKIP_CHECKS", "1")
        self._app = current_app._get_current_object()
        self._worker: WorkController | None = None
        self._beat = Service(self._app, max_interval=1, scheduler_cls=Scheduler, remote_control=False)
        self._threads = [
            threading.Thread(target=self._run_worker, name="worker", daemon=True),
            threading.Thread(target=self._run_beat, name="beat", daemon=True),
        ]

    def start(self) -> None:
        for thread in self._threads:
            thread.start()

    def _run_worker(self) -> None:
        try:
            self._app.set_current()
            self._worker = WorkController(
                app=self._app,
                pool_cls="threads",
                concurrency=CONCURRENCY,
                without_gossip=True,
                without_mingle=True,
                without_heartbeat=True,
            )
            self._worker.start()
        except Exception:
            logger.exception("The task worker has stopped.")

    def _run_beat(self) -> None:
        try:
            self._app.set_current()
            self._beat.start()
        except Exception:
            logger.exception("The scheduler has stopped.")

    def stop(self, seconds: float) -> bool:
        """Stop both; return whether they ended within `seconds`. A task that was cut off runs again at the next start."""
        deadline = time.monotonic() + seconds
        self._beat.stop()
        if self._worker is not None:
            stopper = threading.Thread(target=self._worker.stop, name="worker-stop", daemon=True)
            stopper.start()
            stopper.join(max(0.0, deadline - time.monotonic()))
        for thread in self._threads:
            thread.join(max(0.0, deadline - time.monotonic()))
        return not any(thread.is_alive() for thread in self._threads)
