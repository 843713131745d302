"""Periodic work: once for each time slot, however many schedulers there are."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from apps.core import schedule
from apps.core.models import Heartbeat, JobSlot
from apps.core.tasks import beat_alive, tidy


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    monkeypatch.setattr(schedule, "_jobs", dict(schedule._jobs))
    done: list[int] = []

    @schedule.every(seconds=3600)
    def count_up() -> None:
        done.append(1)

    return done


JOB = ["tests", "core", "test_schedule", "count_up"][0] + ".count_up"


@pytest.mark.django_db(transaction=True)
def test_two_schedulers_do_it_once(runs: list[int]) -> None:
    gate = threading.Barrier(4)
    ran: list[bool] = []

    def tick() -> None:
        gate.wait(5)
        ran.append(schedule.run_slot(JOB))
        connection.close()

    threads = [threading.Thread(target=tick) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(ran) == [False, False, False, True]
    assert runs == [1]


@pytest.mark.django_db
def test_the_next_slot_is_another_run(runs: list[int]) -> None:
    assert schedule.run_slot(JOB)
    assert not schedule.run_slot(JOB)
    JobSlot.objects.update(slot=timezone.now() - timedelta(days=1))
    assert schedule.run_slot(JOB)
    assert runs == [1, 1]


def test_every_job_is_in_the_schedule() -> None:
    from almia.celery import app

    assert set(app.conf.beat_schedule) == set(schedule._jobs)
    assert "core.relay_outbox" in app.conf.beat_schedule


def test_a_job_cannot_be_registered_twice(runs: list[int]) -> None:
    with pytest.raises(ValueError, match="twice"):

        @schedule.every(seconds=1)
        def count_up() -> None: ...


@pytest.mark.django_db
def test_tidying_forgets_old_slots_and_keeps_todays() -> None:
    JobSlot.objects.create(job="a", slot=timezone.now(), created_at=timezone.now() - timedelta(days=2))
    JobSlot.objects.create(job="b", slot=timezone.now())
    tidy()
    assert list(JobSlot.objects.values_list("job", flat=True)) == ["b"]


@pytest.mark.django_db
def test_the_heartbeat_is_one_row() -> None:
    beat_alive()
    beat_alive()
    assert Heartbeat.objects.count() == 1
