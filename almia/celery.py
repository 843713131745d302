"""The Celery application. Tasks are found in each app's `tasks.py`; the schedule is `core.schedule`'s."""

from __future__ import annotations

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "almia.settings.tryout")

app = Celery("almia")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.autodiscover_tasks()
