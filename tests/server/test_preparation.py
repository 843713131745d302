from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from apps.core import loading
from apps.core.loading import Load
from apps.server import preparation
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


def test_what_people_did_is_told_once(ran: list[str], tmp_path: Path) -> None:
    path = tmp_path / "past"
    path.write_text("as it was told first")
    loading.declare(Load("past", lambda: ran.append("past"), order=9, sources=lambda: [path], demo=True, once=True))
    load_all(marks(tmp_path), anew=False)
    path.write_text("as newer code tells it")
    load_all(marks(tmp_path), anew=False)
    load_all(marks(tmp_path), anew=True)
    assert ran.count("past") == 1


@pytest.mark.django_db
def test_tables_that_were_never_filled_have_nothing_done(ran: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The file of marks has outlived its database."""
    for work in ("migrate", "collect_static"):
        monkeypatch.setattr(preparation, work, lambda *_marks: False)
    monkeypatch.setattr(preparation, "has_tables", lambda: True)
    preparation.prepare(tmp_path)
    ran.clear()
    preparation.prepare(tmp_path)
    assert ran == ["always"]
    monkeypatch.setattr(preparation, "has_tables", lambda: False)
    preparation.prepare(tmp_path)
    assert ran[1:] == ["one", "two", "demo", "always"]


def test_there_is_no_demo_world_elsewhere(ran: list[str], tmp_path: Path, settings: Any) -> None:
    settings.TRYOUT = False
    load_all(marks(tmp_path), anew=True)
    assert ran == ["one", "two", "always"]
