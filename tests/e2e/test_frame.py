from __future__ import annotations

from collections.abc import Callable

from .visitor import Visitor, assert_accessible
from .world import World


def test_the_sign_in_page_is_accessible(world: World, visit: Callable[..., Visitor]) -> None:
    with visit() as visitor:
        page = visitor.tab()
        page.goto("/")
        assert_accessible(page)
