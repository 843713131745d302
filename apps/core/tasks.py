"""Periodic work of core itself."""

from __future__ import annotations

from datetime import timedelta

from django.utils import timezone

from . import audit, outbox, schedule
from .models import Heartbeat, JobSlot


@schedule.every(seconds=5)
def relay_outbox() -> None:
    outbox.relay()


@schedule.every(seconds=15)
def beat_alive() -> None:
    Heartbeat.note("beat")


@schedule.every(seconds=3600)
def tidy() -> None:
    outbox.purge()
    JobSlot.objects.filter(created_at__lt=timezone.now() - timedelta(days=1)).delete()


@schedule.every(seconds=5)
def chain_audit() -> None:
    audit.chain()
    audit.seal_days()
