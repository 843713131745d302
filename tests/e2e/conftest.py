"""Browser tests: a real Chromium with a real server. Run by `make test-browser`."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from .visitor import PATIENCE_MS, Visitor
from .world import World

CHROMIUM = os.environ.get("ALMIA_CHROMIUM", "/usr/bin/chromium")
TEST_SECONDS = 600  # a hundred lessons, each read in a real browser
QUIET = [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if "/e2e/" in item.nodeid or item.nodeid.startswith("tests/e2e"):
            item.add_marker(pytest.mark.browser)
            item.add_marker(pytest.mark.timeout(TEST_SECONDS))


@pytest.fixture(scope="session")
def world(tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """A running Almia with the demo world, shared by the tests of a run."""
    running = World(tmp_path_factory.mktemp("almia"))
    running.start()
    yield running
    assert running.stop() == 0, running.tail()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    expect.set_options(timeout=PATIENCE_MS)
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        yield chromium
        chromium.close()


@pytest.fixture
def visit(world: World, browser: Browser) -> Callable[..., Visitor]:
    """Return a function that opens somebody's browser on the running Almia."""

    def open_browser(**options: object) -> Visitor:
        return Visitor(browser, world.base_url, **options)  # type: ignore[arg-type]

    return open_browser
