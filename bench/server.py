"""A real Almia in processes of its own, with people in it, for benchmarks.

    async with Server(users=100, database="sqlite", redis=False, processes=1, upstream="http://127.0.0.1:9999/v1") as server:
        server.base_url, server.ws_url      # of the first process: http://127.0.0.1:PORT, ws://127.0.0.1:PORT/ws/
        server.base_urls, server.ws_urls    # of each process, when there are several
        server.sessions                     # one session cookie per person: list[str], entitled to chat.use; then the learners
        server.attempts                     # the open attempt of each learner
        server.pages                        # with `people`: the pages of the made-up past, as `bench.seed.populate` names them
    server.headers(n, process=0)        # {"Cookie": …, "Origin": …} of person n: what a socket or a request needs
        server.pids, server.rss_mb()        # the web processes, and their resident memory

`database`: "sqlite" (a file of the temporary folder) or "postgres" (a database of its own in the local cluster).
`redis`: a Redis process of its own, for cache, channel layer, streams and tasks. Several processes need PostgreSQL and Redis.
`learners`: further people, one submission away from chat.use. `server.seed("--proofs")` runs `bench.seed` once more.
`people`: a made-up past of so many people, written first.
`upstream`: an OpenAI-compatible endpoint, registered like the embedded model; without it there is no model.
The first process also runs the task worker and the scheduler, as the try-out does. Leaving the block ends all processes, drops
the database and removes the folder. `server.log` is where the processes write; its end is in the error if they do not come up.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from tools import services

from .machine import resident_mb

ROOT = Path(__file__).resolve().parents[1]
START_SECONDS = 120.0


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    """Whether `url` answers, whatever it says."""
    try:
        urllib.request.urlopen(url, timeout=2).close()
    except urllib.error.HTTPError:
        return True
    except OSError:
        return False
    return True


class Server:
    """See the module's docstring."""

    def __init__(
        self,
        *,
        users: int = 1,
        learners: int = 0,
        people: int = 0,
        database: Literal["sqlite", "postgres"] = "sqlite",
        redis: bool = False,
        processes: int = 1,
        upstream: str = "",
        environment: dict[str, str] | None = None,
    ) -> None:
        if processes > 1 and (database != "postgres" or not redis):
            raise ValueError("Several processes need PostgreSQL and Redis.")
        self._users, self._database, self._redis, self._count, self._upstream = users, database, redis, processes, upstream
        self._learners, self._people = learners, people
        self._environment: dict[str, str] = {}
        self._further = environment or {}
        self._home = Path(tempfile.mkdtemp(prefix="almia-bench-"))
        self._processes: list[subprocess.Popen[bytes]] = []
        self._services = contextlib.ExitStack()
        self.log = self._home / "server.log"
        self.sessions: list[str] = []
        self.attempts: list[str] = []
        self.pages: dict[str, dict[str, Any]] = {}
        self.base_urls: list[str] = []
        self.ws_urls: list[str] = []

    @property
    def base_url(self) -> str:
        return self.base_urls[0]

    @property
    def ws_url(self) -> str:
        return self.ws_urls[0]

    @property
    def pids(self) -> list[int]:
        return [process.pid for process in self._processes]

    def rss_mb(self) -> float:
        """Return the resident memory of the largest web process."""
        return max(resident_mb(pid) for pid in self.pids)

    def headers(self, person: int, *, process: int = 0) -> dict[str, str]:
        """Return the request headers of `person` at `process`."""
        return {"Cookie": f"sessionid={self.sessions[person]}", "Origin": self.base_urls[process]}

    def seed(self, *arguments: str) -> dict[str, Any]:
        """Run `bench.seed` on the server's data and return what it says. Blocks."""
        ran = subprocess.run(
            [sys.executable, "-m", "bench.seed", *arguments],
            cwd=ROOT, env={**self._environment, "PORT": str(free_port())}, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if ran.returncode:
            raise RuntimeError(f"Seeding failed:\n{ran.stderr[-3000:]}")
        told: dict[str, Any] = json.loads(ran.stdout.strip().splitlines()[-1])
        return told

    async def __aenter__(self) -> Self:
        try:
            await asyncio.to_thread(self._start)
        except BaseException:
            await asyncio.to_thread(self._stop)
            raise
        return self

    async def __aexit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        await asyncio.to_thread(self._stop)

    # Everything below blocks and runs on a thread ----------------------------------------------------------------------
    def _start(self) -> None:
        environment = {
            **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}},
            "DJANGO_SETTINGS_MODULE": "almia.settings.tryout",
            "ALMIA_HOME": str(self._home),
            **self._further,
        }
        if self._database == "postgres":
            services.ready()
            environment["DATABASE_URL"] = self._services.enter_context(services.own_database("bench"))
        if self._redis:
            environment["REDIS_URL"] = self._services.enter_context(services.own_redis(self._home, "This benchmark"))
        self._environment = environment
        counts = ("--users", str(self._users), "--learners", str(self._learners), "--people", str(self._people))
        seeded = self.seed(*counts, "--upstream", self._upstream)
        self.sessions, self.attempts, self.pages = seeded["sessions"], seeded["attempts"], seeded["pages"]
        for number in range(self._count):
            self._start_process(environment, number)
        for url in self.base_urls:
            self._wait_until_up(url)

    def _start_process(self, environment: dict[str, str], number: int) -> None:
        port = free_port()
        command = [sys.executable, "manage.py", "serve", "--no-model", *(["--no-workers"] if number else [])]
        with self.log.open("ab") as log:
            self._processes.append(
                subprocess.Popen(command, cwd=ROOT, env={**environment, "PORT": str(port)}, stdout=log, stderr=log)
            )
        self.base_urls.append(f"http://127.0.0.1:{port}")
        self.ws_urls.append(f"ws://127.0.0.1:{port}/ws/")

    def _wait_until_up(self, url: str) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not answers(f"{url}/healthz"):
            if time.monotonic() > deadline or any(process.poll() is not None for process in self._processes):
                raise RuntimeError(f"The server did not come up:\n{self.log.read_text()[-3000:]}")
            time.sleep(0.02)

    def _stop(self) -> None:
        for process in self._processes:
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(15)
            if process.poll() is None:
                process.kill()
                process.wait()
        self._services.close()
        shutil.rmtree(self._home, ignore_errors=True)
