"""`manage.py serve` as a process: it starts, says in one sentence what prevents it, and leaves nothing behind."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from django.conf import settings

pytestmark = pytest.mark.xdist_group("serve")  # one process of the suite prepares the data folder, once

ROOT: Path = settings.BASE_DIR
START_SECONDS = 90  # what a machine that does other work as well may need


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """One data folder for all tests here: the first start prepares it, the others find it ready."""
    return tmp_path_factory.mktemp("home")


def environment(home: Path, port: int | str, **further: str) -> dict[str, str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return {**kept, "ALMIA_HOME": str(home), "PORT": str(port), "LANG": "C.UTF-8", **further}


def serve(home: Path, port: int | str, *options: str, **further: str) -> subprocess.CompletedProcess[str]:
    """Run `serve` in a situation where it cannot start; return how it ended."""
    return subprocess.run(
        [sys.executable, "manage.py", "serve", "--no-model", *options],
        cwd=ROOT, env=environment(home, port, **further), capture_output=True, text=True, timeout=START_SECONDS, check=False,
    )  # fmt: skip


def says_one_sentence(ended: subprocess.CompletedProcess[str]) -> str:
    assert ended.returncode != 0
    assert "Traceback" not in ended.stderr
    lines = ended.stderr.strip().splitlines()
    assert len(lines) == 1, ended.stderr
    return lines[0]


def belonging(home: Path) -> set[int]:
    """Return the processes that have this data folder in environment or arguments, or hold a file in it open."""
    found = set()
    for folder in Path("/proc").glob("[0-9]*"):
        if int(folder.name) == os.getpid():
            continue
        texts = opened = ""
        with suppress(OSError):  # it has ended, or belongs to somebody else
            texts = os.fsdecode((folder / "environ").read_bytes() + (folder / "cmdline").read_bytes())
            opened = " ".join(_opened(folder / "fd"))
        if str(home) in f"{texts} {opened}":
            found.add(int(folder.name))
    return found


def _opened(links: Path) -> Iterator[str]:
    """Yield what a process holds open. It continues meanwhile: what it closes while we look is left out, not the process."""
    for link in links.iterdir():
        with suppress(OSError):
            yield str(link.readlink())


def answers(port: int, path: str = "/healthz") -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=5) as response:
            return int(response.status)
    except urllib.error.HTTPError as error:
        return error.code
    except OSError:
        return 0


def start(home: Path, port: int, *options: str) -> subprocess.Popen[str]:
    """Start a server of this data folder and wait until it answers."""
    process = subprocess.Popen(
        [sys.executable, "manage.py", "serve", *options],
        cwd=ROOT,
        env=environment(home, port),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    deadline = time.monotonic() + START_SECONDS
    while not answers(port):
        assert process.poll() is None, process.communicate()[0]
        assert time.monotonic() < deadline
        time.sleep(0.05)
    return process


@pytest.fixture
def started(home: Path, port: int) -> Iterator[subprocess.Popen[str]]:
    """A server of this data folder, including the model, that answers."""
    process = start(home, port)
    yield process
    if process.poll() is None:
        process.kill()
        process.communicate()


def until_alone(home: Path) -> set[int]:
    """Wait a moment for the data folder's processes to end; return those that did not."""
    deadline = time.monotonic() + 10
    while (left := belonging(home)) and time.monotonic() < deadline:
        time.sleep(0.1)
    return left


def wait_for_the_model(server: subprocess.Popen[str], home: Path) -> None:
    """Wait until the model's process is there: it comes a moment after the first page."""
    deadline = time.monotonic() + START_SECONDS
    while not belonging(home) - {server.pid}:
        assert server.poll() is None, server.communicate()[0]
        assert time.monotonic() < deadline, "The model's process did not come."
        time.sleep(0.2)


def readyz(port: int) -> str:
    try:
        return str(urllib.request.urlopen(f"http://127.0.0.1:{port}/readyz", timeout=5).read().decode())
    except urllib.error.HTTPError as error:
        return error.read().decode()


@pytest.mark.timeout(4 * START_SECONDS)
def test_everything_runs_beside_it_and_a_signal_stops_it_all(started: subprocess.Popen[str], home: Path, port: int) -> None:
    wait_for_the_model(started, home)
    # The scheduler's first tick goes through the broker to the worker, which writes the heartbeat that /readyz asks for.
    deadline = time.monotonic() + START_SECONDS
    while '"beat": {"state": "ok"' not in readyz(port) and time.monotonic() < deadline:
        time.sleep(0.2)
    assert '"status": "ready"' in readyz(port)
    began = time.monotonic()
    started.send_signal(signal.SIGTERM)
    printed, _ = started.communicate(timeout=20)
    assert time.monotonic() - began < 10
    assert started.returncode == 0
    assert f"http://localhost:{port}" in printed
    assert "Traceback" not in printed
    assert until_alone(home) == set()


@pytest.mark.timeout(4 * START_SECONDS)
def test_killed_outright_while_the_model_is_loading_it_leaves_nothing_behind(started: subprocess.Popen[str], home: Path) -> None:
    wait_for_the_model(started, home)
    started.kill()
    started.communicate()
    assert until_alone(home) == set()


@pytest.mark.timeout(4 * START_SECONDS)
def test_ctrl_c_ends_it_cleanly(home: Path, port: int) -> None:
    """Without the model: it starts in no time, so the signal also comes while worker and scheduler are starting."""
    process = start(home, port, "--no-model")
    process.send_signal(signal.SIGINT)
    printed, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Traceback" not in printed
    assert until_alone(home) == set()


def test_a_port_that_is_taken(home: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        number = taken.getsockname()[1]
        sentence = says_one_sentence(serve(home, number))
    assert "already in use" in sentence
    assert str(number) in sentence


@pytest.mark.parametrize("number", ["abc", "99999"])
def test_a_port_that_is_none(home: Path, number: str) -> None:
    assert "PORT" in says_one_sentence(serve(home, number))


@pytest.mark.parametrize(
    ("language", "words"), [("en_GB.UTF-8", "cannot use its data folder"), ("fr_FR.UTF-8", "ne peut pas utiliser")]
)
def test_a_data_folder_that_cannot_be(tmp_path: Path, port: int, language: str, words: str) -> None:
    file = tmp_path / "file"
    file.touch()
    assert words in says_one_sentence(serve(file / "home", port, LANG=language))


def test_a_database_that_is_none(home: Path, port: int, tmp_path: Path) -> None:
    broken = tmp_path / "broken.sqlite3"
    broken.write_text("this is no database" * 100)
    assert "database" in says_one_sentence(serve(home, port, DATABASE_URL=f"sqlite://{broken}"))


def test_production_settings_are_not_served_this_way(home: Path, port: int) -> None:
    ended = serve(home, port, DJANGO_SETTINGS_MODULE="almia.settings.production")
    assert "ALMIA_SECRET_KEY is not set" in says_one_sentence(ended)


def test_lost_keys_are_not_drawn_anew(home: Path, port: int, tmp_path: Path) -> None:
    """There is content that only the lost keys open: new ones would hide that, and lock it away for good."""
    source = home / "almia.sqlite3"
    assert source.exists(), "The tests before this one have prepared it."
    other = tmp_path / "home"
    other.mkdir()
    (other / "almia.sqlite3").write_bytes(source.read_bytes())
    import sqlite3

    with sqlite3.connect(other / "almia.sqlite3") as database:
        database.execute("DELETE FROM core_ownerkey")
        database.execute(
            "INSERT INTO core_ownerkey (owner_id, kek_version, wrapped, created_at) VALUES (?, '1', x'00', '2026-01-01')",
            ["0" * 32],
        )
    assert "kek.json" in says_one_sentence(serve(other, port))
