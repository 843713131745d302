"""Periodic work: `@schedule.every(seconds=60)` on a function without arguments. Runs once per slot, whoever schedules."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from celery import shared_task
from django.db import IntegrityError, transaction
from django.utils import timezone

from .models import JobSlot
from .outbox import task_name

RUN_JOB = "core.run_job"


@dataclass(frozen=True)
class Job:
    name: str
    every: timedelta
    work: Callable[[], Any]


_jobs: dict[str, Job] = {}
Work = Callable[[], Any]


def every(*, seconds: int) -> Callable[[Work], Work]:
    """Register a function as a job that runs every `seconds`, named `<app>.<function>`."""

    def register(function: Work) -> Work:
        name = task_name(function)
        if name in _jobs:
            raise ValueError(f"Job {name} is registered twice.")
        _jobs[name] = Job(name, timedelta(seconds=seconds), function)
        return function

    return register


def beat_schedule() -> dict[str, dict[str, Any]]:
    """Return Celery's schedule of all registered jobs."""
    return {
        job.name: {
            "task": RUN_JOB,
            "args": [job.name],
            "schedule": job.every,
            # A tick that has waited longer than its period is not worth running: the next one does the same.
            "options": {"expires": max(job.every.total_seconds(), 5)},
        }
        for job in _jobs.values()
    }


@shared_task(name=RUN_JOB)
def run_job(name: str) -> None:
    """The Celery task behind every job."""
    run_slot(name)


def run_slot(name: str) -> bool:
    """Run job `name` unless its current slot has already been taken; return whether it ran."""
    job = _jobs[name]
    period = job.every.total_seconds()
    slot = datetime.fromtimestamp(timezone.now().timestamp() // period * period, tz=UTC)
    try:
        with transaction.atomic():
            JobSlot.objects.create(job=name, slot=slot)
    except IntegrityError:
        return False
    job.work()
    return True
