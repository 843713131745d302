"""The Celery tasks: one runs outbox messages, one runs periodic jobs. Everything else is registered with these."""

from __future__ import annotations

import uuid
from datetime import timedelta

from celery import shared_task
from django.utils import timezone

from . import audit, outbox, schedule
from .models import Heartbeat, JobSlot


@shared_task(name="core.run_message")
def run_message(message_id: str) -> None:
    outbox.run(uuid.UUID(message_id))


@shared_task(name="core.run_job")
def run_job(name: str) -> None:
    schedule.run_slot(name)


@schedule.every(seconds=5)
def relay_outbox() -> None:
    outbox.relay()


@schedule.every(seconds=15)
def beat_alive() -> None:
    Heartbeat.objects.update_or_create(part="beat", defaults={"at": timezone.now()})


@schedule.every(seconds=3600)
def tidy() -> None:
    outbox.purge()
    JobSlot.objects.filter(created_at__lt=timezone.now() - timedelta(days=1)).delete()


@schedule.every(seconds=5)
def chain_audit() -> None:
    audit.chain()
    audit.seal_days()
