"""Nobody's machine is changed by a test run: system programs are installed only if that was requested."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tools import system


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Debian where we are root and nothing exists but an apt-get that notes what it is asked and installs xgettext."""
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CI", raising=False)
    monkeypatch.delenv("ALMIA_INSTALL", raising=False)
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(system, "_updated", False)
    program = tmp_path / "xgettext"
    script = f'#!/bin/sh\necho "$@" >> {tmp_path}/asked\n: > {program}\n/bin/chmod +x {program}\n'
    (tmp_path / "apt-get").write_text(script)
    (tmp_path / "apt-get").chmod(0o755)
    return tmp_path


def test_what_is_missing_is_named_and_not_installed(machine: Path) -> None:
    with pytest.raises(SystemExit, match=r"needs xgettext.*apt-get install gettext.*make setup SYSTEM=1"):
        system.need("xgettext", purpose="This")
    assert not (machine / "asked").exists()


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("ALMIA_INSTALL", "1")])
def test_what_is_missing_is_installed_when_asked(machine: Path, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    monkeypatch.setenv(name, value)
    assert system.need("xgettext", purpose="This") == str(machine / "xgettext")
    assert (machine / "asked").read_text().splitlines()[-1] == "install -y --no-install-recommends gettext"


def test_the_set_up_installs_all_at_once(machine: Path) -> None:
    assert system.main() == 0
    assert (machine / "asked").read_text().splitlines()[-1].endswith("gettext chromium redis-server postgresql")
