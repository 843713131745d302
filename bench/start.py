"""How long a start takes, without the model, and how much memory the web process has after a few pages."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from .machine import resident_mb
from .server import ROOT, Server, answers, free_port

WARM_STARTS = 3
PAGES = ["/", "/accounts/login/", "/learn/", "/chat/", "/account/", "/api/v1/me/"]
ROUNDS = 5


def _start_once(environment: dict[str, str]) -> float:
    """Start through the same bootstrap as `make run`, wait for /healthz, stop; return the seconds until it answered."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "bootstrap.py", "--with", "embedded", "--", "manage.py", "serve", "--no-model"],
        cwd=ROOT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        while not answers(f"http://127.0.0.1:{environment['PORT']}/healthz"):
            if process.poll() is not None:
                raise RuntimeError("The server ended while starting.")
            time.sleep(0.01)
        return time.perf_counter() - started
    finally:
        process.send_signal(signal.SIGTERM)
        process.wait(20)


def _starts() -> dict[str, float]:
    home = Path(tempfile.mkdtemp(prefix="almia-bench-"))
    environment = {**os.environ, "ALMIA_HOME": str(home), "PORT": str(free_port()), "DATABASE_URL": "", "REDIS_URL": ""}
    try:
        first = _start_once(environment)
        warm = sorted(_start_once(environment) for _ in range(WARM_STARTS))
    finally:
        shutil.rmtree(home, ignore_errors=True)
    return {"warm_s": round(warm[WARM_STARTS // 2], 2), "first_s": round(first, 2)}


def _visit(server: Server) -> None:
    for path in PAGES * ROUNDS:
        request = urllib.request.Request(server.base_url + path, headers=server.headers(0))
        try:
            urllib.request.urlopen(request, timeout=20).read()
        except urllib.error.HTTPError as error:
            error.read()


async def measure() -> dict[str, int | float]:
    """`warm_s`: process start to /healthz, environment and data ready (median). `first_s`: the same on an empty data folder.
    `rss_mb`: the web process after each page was requested several times by somebody signed in."""
    figures: dict[str, int | float] = dict(await asyncio.to_thread(_starts))
    async with Server(users=1) as server:
        await asyncio.to_thread(_visit, server)
        figures["rss_mb"] = resident_mb(server.pids[0])
    return figures
