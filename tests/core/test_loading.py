from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from apps.core import loading
from apps.core.loading import Load


@pytest.fixture
def ran(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """What was run, by three loads declared out of order."""
    monkeypatch.setattr(loading, "_loads", {})
    done: list[str] = []

    def run(code: str) -> str | None:
        done.append(code)
        return f"{code} is there."

    loading.declare(Load("c.last", lambda: run("last"), order=3, demo=True))
    loading.declare(Load("a.content", lambda: run("content"), order=1))
    loading.declare(Load("b.first", lambda: run("first"), order=2, demo=True))
    return done


def test_the_demo_world_is_loaded_in_order_and_nothing_else(ran: list[str], settings: Any) -> None:
    settings.TRYOUT, out = True, StringIO()
    call_command("load_demo", stdout=out)
    assert ran == ["first", "last"]
    assert out.getvalue().splitlines() == ["first is there.", "last is there."]


def test_a_code_is_declared_once(ran: list[str]) -> None:
    with pytest.raises(ValueError, match="twice"):
        loading.declare(Load("a.content", lambda: None, order=9))
