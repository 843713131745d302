from __future__ import annotations

from collections.abc import Callable

import pytest

from apps.core import setting_up
from apps.core.enums import Readiness
from apps.core.setting_up import Standing, Step, steps_for, steps_left
from tests.factories.accounts import UserFactory

pytestmark = pytest.mark.django_db
PERMISSION = "core.set_up"


@pytest.fixture(autouse=True)
def steps(monkeypatch: pytest.MonkeyPatch) -> None:
    """No steps but those of the test."""
    monkeypatch.setattr(setting_up, "_steps", {})


def standing(state: Readiness) -> Callable[[], Standing]:
    return lambda: Standing(state, "So it is.")


def broken() -> Standing:
    raise RuntimeError("no")


def declare(
    code: str, look: Callable[[], Standing], *, order: int = 100, permission: str = PERMISSION, optional: bool = False
) -> None:
    setting_up.declare(Step(code, code, "What for.", permission, look, "portal:home", "Go there", order, optional))


def test_steps_come_in_order_and_only_to_who_may_take_them() -> None:
    declare("last", standing(Readiness.DONE), order=9)
    declare("first", standing(Readiness.TODO), order=1)
    declare("other", broken, permission="core.read_audit")
    looked = steps_for(UserFactory(permissions=[PERMISSION]))
    assert [(entry.step.code, entry.done) for entry in looked] == [("first", False), ("last", True)]


def test_a_look_that_fails_says_so_in_its_place(caplog: pytest.LogCaptureFixture) -> None:
    declare("broken", broken)
    declare("well", standing(Readiness.DONE))
    failing, well = steps_for(UserFactory(permissions=[PERMISSION]))
    assert failing.standing.state is Readiness.FAILING
    assert "could not be read" in failing.standing.sentence
    assert well.done
    assert "Step broken" in caplog.text


@pytest.mark.parametrize(
    ("state", "optional", "left"),
    [
        (Readiness.DONE, False, False),
        (Readiness.TODO, False, True),
        (Readiness.FAILING, False, True),
        (Readiness.DONE, True, False),
        (Readiness.TODO, True, False),
        (Readiness.FAILING, True, True),
    ],
)
def test_what_is_optional_is_left_only_where_it_fails(state: Readiness, optional: bool, left: bool) -> None:
    declare("one", standing(state), optional=optional)
    assert [entry.left for entry in steps_for(UserFactory(permissions=[PERMISSION]))] == [left]
    assert bool(steps_left(url="/there/")) is left


def test_attention_says_how_many_are_left() -> None:
    for number in range(3):
        declare(f"todo-{number}", standing(Readiness.TODO))
    declare("done", standing(Readiness.DONE))
    (item,) = steps_left(url="/there/")
    assert (item.title, item.level, item.url) == ("3 steps of setting up are left", "warm", "/there/")


def test_a_code_is_declared_once() -> None:
    declare("one", broken)
    with pytest.raises(ValueError, match="twice"):
        declare("one", broken)
