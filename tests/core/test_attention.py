from __future__ import annotations

import pytest
from django.test import Client

from apps.core import attention
from apps.core.attention import Attention, Look, attention_for
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
SEEN = Attention("Something", "Look at it.", "warm", None, "info")


@pytest.fixture
def looks(monkeypatch: pytest.MonkeyPatch) -> None:
    """No looks but those of the test."""
    monkeypatch.setattr(attention, "_looks", {})


def broken() -> list[Attention]:
    raise RuntimeError("no")


def test_a_look_is_taken_only_for_who_has_its_permission(looks: None) -> None:
    attention.declare(Look("a.mine", "Mine", "core.manage_tasks", lambda: [SEEN]))
    attention.declare(Look("a.other", "Other", "core.read_audit", broken))
    assert attention_for(UserFactory(permissions=["core.manage_tasks"])) == [SEEN]
    assert attention_for(UserFactory()) == []


def test_what_is_bad_comes_first_then_the_order_of_the_looks(looks: None) -> None:
    bad = Attention("Worse", "Now.", "bad", None, "info")
    attention.declare(Look("a.last", "Last", "core.manage_tasks", lambda: [bad], order=9))
    attention.declare(Look("a.second", "Second", "core.manage_tasks", lambda: [SEEN, bad], order=2))
    attention.declare(Look("a.first", "First", "core.manage_tasks", lambda: [SEEN], order=1))
    assert attention_for(UserFactory(permissions=["core.manage_tasks"])) == [bad, bad, SEEN, SEEN]


def test_a_look_that_fails_says_so_and_takes_nothing_along(looks: None, client: Client, caplog: pytest.LogCaptureFixture) -> None:
    attention.declare(Look("a.broken", "Providers", "core.manage_tasks", broken))
    attention.declare(Look("a.mine", "Mine", "core.manage_tasks", lambda: [SEEN]))
    client.force_login(UserFactory(permissions=["core.manage_tasks"], language="en"))
    page = client.get("/staff/").content.decode()
    assert "Providers: this could not be read" in page
    assert "Look at it." in page
    assert "a.broken" in caplog.text


def test_a_code_is_declared_once(looks: None) -> None:
    attention.declare(Look("a.mine", "Mine", "core.manage_tasks", list))
    with pytest.raises(ValueError, match="twice"):
        attention.declare(Look("a.mine", "Mine", "core.manage_tasks", list))
