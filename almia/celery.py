"""The Celery application. Tasks are found in each app's `tasks.py`; the schedule is `core.schedule`'s."""

from __future__ import annotations

import os
from typing import Any

from celery import Celery
from celery.signals import beat_init

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "almia.settings.tryout")

app = Celery("almia")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()


@beat_init.connect
def begin(**_: Any) -> None:
    """Run two jobs once right away: what has waited in the outbox since the last stop is sent, and /readyz sees a heartbeat."""
    for job in ("core.relay_outbox", "core.beat_alive"):
        app.send_task("core.run_job", args=[job])
