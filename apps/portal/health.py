"""`/healthz` and `/readyz`, for whatever watches the process: no sign-in, no session, any host name."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse

from apps.core import health

logger = logging.getLogger("almia.health")

KEEP_SECONDS = 2.0
TOLD = ("state", "critical", "ms")  # what the public is told of a part


Report = tuple[bool, dict[str, dict[str, object]]]

_lock = threading.Lock()
_kept: tuple[float, Report] | None = None


def readiness() -> Report:
    """Return `core.health.report()`, at most `KEEP_SECONDS` old: asking often costs nothing."""
    global _kept
    with _lock:  # those who ask meanwhile wait for the same answer
        if _kept is None or time.monotonic() - _kept[0] >= KEEP_SECONDS:
            report = health.report()
            for name, part in report[1].items():
                if part["state"] == "failed":
                    logger.warning("Not well: %s (%s)", name, part["detail"])
            _kept = (time.monotonic(), report)
        return _kept[1]


def forget() -> None:
    """Drop the stored report."""
    global _kept
    with _lock:
        _kept = None


class HealthMiddleware:
    """Runs before all other middleware: a probe knows neither the host name nor HTTPS, and has no session."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        if request.path_info == "/healthz":
            return self._answer(request, 200, {"status": "alive"})
        if request.path_info == "/readyz":
            ready, parts = readiness()
            if not settings.TRYOUT:
                # Anybody may ask: names of models, providers and software are only for those who read the log.
                parts = {name: {key: part[key] for key in TOLD if key in part} for name, part in parts.items()}
            return self._answer(request, 200 if ready else 503, {"status": "ready" if ready else "not ready", "parts": parts})
        return self.get_response(request)

    def _answer(self, request: HttpRequest, status: int, body: dict[str, object]) -> HttpResponse:
        if request.method not in {"GET", "HEAD"}:
            return HttpResponse(status=405, headers={"Allow": "GET, HEAD"})
        return JsonResponse(body, status=status, headers={"Cache-Control": "no-store"})
