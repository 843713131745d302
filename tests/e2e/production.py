"""An empty production as docs/operations.md describes it: PostgreSQL, Redis, two web processes, a worker, a scheduler, a proxy.

What an operator types is typed here (`manage`); everything else is done on pages.
"""

from __future__ import annotations

import base64
import json
import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Self

from tools import services

from .front import Front, front
from .mailbox import Mailbox, mailbox
from .world import ROOT, free_port

HOST = "almia.deux-rives.example"
FROM = "Almia <almia@deux-rives.example>"
START_SECONDS = 60.0
STOP_SECONDS = 20.0
SERVER = ["web", "--host", "127.0.0.1", "--port"]
CELERY = [sys.executable, "-m", "celery", "-A", "almia"]


class Production:
    """Use it as a context manager; its data is in `folder`, and in a database and a Redis of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.base_url = f"https://{HOST}"
        self.front: Front
        self.mailbox: Mailbox
        self._ports = [free_port(), free_port()]
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self._environment: dict[str, str] = {}
        self._open = ExitStack()

    def __enter__(self) -> Self:
        with ExitStack() as stack:
            self.mailbox = stack.enter_context(mailbox())
            self.front = stack.enter_context(front(HOST, self.folder, self._ports))
            database = stack.enter_context(services.own_database("first_day"))
            redis = stack.enter_context(services.own_redis(self.folder, "This test"))
            self._environment = self._settings(database, redis)
            stack.callback(self._stop)
            self._open = stack.pop_all()
        return self

    def __exit__(self, *raised: object) -> None:
        self._open.close()

    def manage(self, *arguments: str, answer: str = "") -> str:
        """Run a management command, and `answer` its prompt; return its output."""
        command = [sys.executable, "manage.py", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, input=answer, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def start(self) -> None:
        """Start all processes."""
        for number, port in enumerate(self._ports, 1):
            self._run(f"web-{number}", [sys.executable, "manage.py", *SERVER, str(port)])
        self._run("worker", [*CELERY, "worker", "--loglevel", "WARNING", "--concurrency", "2"])
        self._run("beat", [*CELERY, "beat", "--loglevel", "WARNING", "--scheduler", "celery.beat.Scheduler"])

    def wait(self) -> None:
        """Return once both web processes answer."""
        deadline = time.monotonic() + START_SECONDS
        for number, port in enumerate(self._ports, 1):
            while not services.listens(port):
                if time.monotonic() > deadline or self._processes[f"web-{number}"].poll() is not None:
                    raise AssertionError(f"web-{number} did not come up.\n{self.log(f'web-{number}')}")
                time.sleep(0.1)

    def log(self, name: str = "") -> str:
        """Return what a process wrote, or all of them."""
        names = [name] if name else list(self._processes)
        return "\n".join((self.folder / f"{each}.log").read_text(errors="replace") for each in names)

    def _run(self, name: str, command: list[str]) -> None:
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(command, cwd=ROOT, env=self._environment, stdout=log, stderr=log)

    def _stop(self) -> None:
        for process in self._processes.values():
            if process.poll() is None:
                process.send_signal(signal.SIGTERM)
        for process in self._processes.values():
            try:
                process.wait(STOP_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def _settings(self, database: str, redis: str) -> dict[str, str]:
        key = self.folder / "kek.json"
        key.write_text(json.dumps({"current": "1", "keys": {"1": base64.b64encode(secrets.token_bytes(32)).decode()}}))
        # Nothing of the shell that runs the tests gets in, beyond what every program needs.
        shell = {name: value for name, value in os.environ.items() if name in {"PATH", "HOME", "LANG", "TMPDIR"}}
        return shell | {
            "DJANGO_SETTINGS_MODULE": "almia.settings.production",
            "ALMIA_HOME": str(self.folder),
            "ALMIA_KEY_FILE": str(key),
            "ALMIA_SECRET_KEY": secrets.token_urlsafe(48),
            "ALMIA_AUDIT_KEY": secrets.token_urlsafe(48),
            "ALMIA_ORIGINS": self.base_url,
            "ALMIA_ALLOWED_HOSTS": HOST,
            "DATABASE_URL": database,
            "REDIS_URL": redis,
            "ALMIA_EMAIL_HOST": "127.0.0.1",
            "ALMIA_EMAIL_PORT": str(self.mailbox.port),
            "ALMIA_EMAIL_TLS": "false",
            "ALMIA_EMAIL_FROM": FROM,
            "ALMIA_BEHIND_PROXY": "true",
            "ALMIA_PROXY_COUNT": "1",
        }
