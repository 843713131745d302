"""The real thing, as `make run` starts it: `manage.py serve` in a process of its own, with its own data and a model."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 180.0
MODEL_SECONDS = 120.0
STOP_SECONDS = 20.0


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class World:
    """A running Almia. `base_url` is the address that browsers are given."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.base_url = f"http://localhost:{self.port}"
        self.log = home / "serve.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and return once it answers."""
        environment = {
            **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}},
            "DJANGO_SETTINGS_MODULE": "almia.settings.tryout",
            "ALMIA_HOME": str(self.home),
            "PORT": str(self.port),
            "LANG": "fr_FR.UTF-8",
        }
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "serve"], cwd=ROOT, env=environment, stdout=log, stderr=log
            )
        self._wait("/healthz", START_SECONDS, lambda status, body: status == 200)

    def wait_for_model(self) -> None:
        """Return once the embedded model answers."""
        self._wait("/readyz", MODEL_SECONDS, lambda status, body: body.get("parts", {}).get("model", {}).get("state") == "ok")

    def kill(self) -> None:
        """End the process as a power cut does."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(STOP_SECONDS)

    def stop(self) -> int:
        """Ask the process to end, as Ctrl-C does; return its exit code."""
        assert self._process is not None
        if self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)
        try:
            return self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            raise AssertionError(f"The server did not end within {STOP_SECONDS} s.\n{self.tail()}") from None

    def tail(self) -> str:
        """Return the end of what the server wrote."""
        return self.log.read_text(errors="replace")[-4000:] if self.log.exists() else ""

    def manage(self, *arguments: str) -> str:
        """Run a management command on the same data."""
        environment = {
            **os.environ,
            "DJANGO_SETTINGS_MODULE": "almia.settings.tryout",
            "ALMIA_HOME": str(self.home),
            "PORT": str(self.port),
            "DATABASE_URL": "",
            "REDIS_URL": "",
        }
        done = subprocess.run(
            [sys.executable, "manage.py", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, done.stderr
        return done.stdout

    def _wait(self, path: str, seconds: float, good: Any) -> None:
        deadline = time.monotonic() + seconds
        answer: tuple[int, dict[str, Any]] = (0, {})
        while time.monotonic() < deadline:
            if self._process is not None and self._process.poll() is not None:
                raise AssertionError(f"The server ended with {self._process.returncode}.\n{self.tail()}")
            answer = _get_json(self.base_url + path)
            if good(*answer):
                return
            time.sleep(0.25)
        raise AssertionError(f"{path} was not as expected after {seconds} s: {answer}\n{self.tail()}")


def _get_json(url: str) -> tuple[int, dict[str, Any]]:
    try:
        with urllib.request.urlopen(url, timeout=5) as response:  # noqa: S310
            return response.status, json.load(response)
    except urllib.error.HTTPError as error:
        try:
            return error.code, json.load(error)
        except ValueError:
            return error.code, {}
    except (OSError, ValueError):
        return 0, {}
