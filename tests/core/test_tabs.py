from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.template import Context, Template
from django.test import RequestFactory
from django.urls import resolve

from apps.accounts.models import User
from apps.core import navigation
from apps.core.navigation import Tab

PAGE = "/robots.txt"


@pytest.fixture(autouse=True)
def _declared() -> Iterator[None]:
    kept = dict(navigation._tabs)
    yield
    navigation._tabs.clear()
    navigation._tabs.update(kept)


def drawn(path: str) -> str:
    request: Any = RequestFactory().get(path)
    request.user = User()
    request.resolver_match = resolve(path)
    return " ".join(Template('{% tabs "things" %}').render(Context({"request": request})).split())


def test_the_present_page_is_marked_and_what_waits_is_told() -> None:
    navigation.declare_tabs("things", "Things", Tab("One", "portal:robots"), Tab("Two", "portal:home", waiting=lambda: 3))
    html = drawn(PAGE)
    assert html.count("aria-current") == 1
    assert 'href="/robots.txt" aria-current="page"> One' in html
    assert '<span class="count">3</span>' in html
    assert 'aria-label="Things"' in html


def test_a_tab_that_is_for_others_is_left_out_uncounted_and_one_alone_is_none() -> None:
    def never() -> int:
        raise AssertionError

    navigation.declare_tabs("things", "Things", Tab("One", "portal:robots"), Tab("Two", "portal:home", lambda user: False, never))
    assert drawn(PAGE) == ""


def test_a_tab_that_stands_alone_is_not_counted() -> None:
    def never() -> int:
        raise AssertionError

    one = Tab("One", "portal:robots", waiting=never)
    navigation.declare_tabs("things", "Things", one, Tab("Two", "portal:home", lambda user: False))
    assert drawn(PAGE) == ""
