"""The checks behind `/readyz`: each part registers one."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from asgiref.sync import async_to_sync
from celery import current_app
from channels.layers import get_channel_layer
from django.db import connection
from django.utils import timezone

from .models import Heartbeat


class Unwell(Exception):
    """A part does not work; the message says what is wrong, without secrets."""


@dataclass(frozen=True)
class Check:
    name: str
    check: Callable[[], str]
    critical: bool


_checks: dict[str, Check] = {}


def register(name: str, check: Callable[[], str], *, critical: bool = True) -> None:
    """Register `check`, which returns a short detail or raises. A failed critical check makes the instance not ready."""
    _checks[name] = Check(name, check, critical)


def report() -> tuple[bool, dict[str, dict[str, object]]]:
    """Run all checks; return whether the instance is ready, and each part's state, detail and milliseconds."""
    ready, parts = True, {}
    for part in _checks.values():
        started = time.perf_counter()
        try:
            state, detail = "ok", part.check()
        except Unwell as error:
            state, detail = "failed", str(error)
        except Exception as error:  # whatever the error, the answer is the same: not well
            state, detail = "failed", type(error).__name__
        if state == "failed" and part.critical:
            ready = False
        parts[part.name] = {
            "state": state,
            "detail": detail,
            "critical": part.critical,
            "ms": round((time.perf_counter() - started) * 1000, 1),
        }
    return ready, parts


def _database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
        cursor.fetchone()
    return connection.vendor


def _broker() -> str:
    with current_app.connection_for_write() as broker:
        broker.ensure_connection(max_retries=1, timeout=2)
        return str(broker.transport_cls)


def _channel_layer() -> str:
    layer = get_channel_layer()
    if layer is None:
        raise Unwell("No channel layer is configured.")
    if type(layer).__name__ != "InMemoryChannelLayer":  # the in-memory one is always reachable
        async_to_sync(layer.group_send)("health", {"type": "health"})
    return type(layer).__name__


def _beat() -> str:
    beat = Heartbeat.objects.filter(part="beat").first()
    if beat is None:
        raise Unwell("The scheduler has not run yet.")
    age = timezone.now() - beat.at
    if age > timedelta(seconds=90):
        raise Unwell(f"The scheduler last ran {int(age.total_seconds())} s ago.")
    return f"{int(age.total_seconds())} s ago"


register("database", _database)
register("broker", _broker)
register("channel_layer", _channel_layer)
register("beat", _beat, critical=False)
