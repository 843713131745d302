from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apps.core import loading
from apps.core.loading import Load
from apps.server.preparation import Marks, load_all


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, settings: Any) -> list[str]:
    """What was run: `one`, `two` and `demo` were each made from a file of that name, `always` from nothing."""
    settings.TRYOUT = True
    monkeypatch.setattr(loading, "_loads", {})
    done: list[str] = []
    for order, code in enumerate(("one", "two", "demo", "always")):
        path = tmp_path / code
        path.write_text(code)
        loading.declare(
            Load(
                code,
                lambda code=code: done.append(code),  # type: ignore[misc]
                order=order,
                sources=None if code == "always" else lambda path=path: [path],  # type: ignore[misc]
                demo=code == "demo",
            )
        )
    return done


def marks(tmp_path: Path) -> Marks:
    return Marks(tmp_path / "prepared.json")


def test_what_is_there_is_not_loaded_again(ran: list[str], tmp_path: Path) -> None:
    load_all(marks(tmp_path), anew=False)
    assert ran == ["one", "two", "demo", "always"]
    load_all(marks(tmp_path), anew=False)
    assert ran[4:] == ["always"]
    load_all(marks(tmp_path), anew=True)
    assert ran[5:] == ["one", "two", "demo", "always"]


def test_what_changed_is_loaded_again_with_all_that_follows(ran: list[str], tmp_path: Path) -> None:
    load_all(marks(tmp_path), anew=False)
    ran.clear()
    (tmp_path / "two").write_text("changed")
    load_all(marks(tmp_path), anew=False)
    assert ran == ["two", "demo", "always"]


def test_there_is_no_demo_world_elsewhere(ran: list[str], tmp_path: Path, settings: Any) -> None:
    settings.TRYOUT = False
    load_all(marks(tmp_path), anew=True)
    assert ran == ["one", "two", "always"]
