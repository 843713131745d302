"""The chat as a person meets it: streams that survive reloads, other tabs, and the death of the server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from bench.upstream import Pace, Running, running

from .visitor import Visitor, assert_accessible, assert_fits, expect_path, settle
from .world import World

# Long enough that a slow machine has not finished it before the test has stopped it.
SLOW = "tokens=300,interval=70,first=50"
WORDS = 300


@pytest.fixture(scope="module")
def upstream() -> Iterator[Running]:
    with running(Pace(tokens=20, interval=5, first=10)) as own:
        yield own


@pytest.fixture(scope="module")
def slow_world(tmp_path_factory: pytest.TempPathFactory, upstream: Running) -> Iterator[World]:
    """An Almia of its own, whose model counts slowly enough to do things meanwhile; it may be killed."""
    world = World(tmp_path_factory.mktemp("slow"))
    world.start()
    script = (
        "from apps.gateway.models import *; "
        f"p = Provider.objects.create(name='Slow', base_url={upstream.base_url!r}, allow_plain_http=True); "
        "m = Model.objects.create(name='Counter'); "
        f"v = ModelVersion.objects.create(model=m, provider=p, label='v1', upstream_name={SLOW!r}, status='active', "
        "context_window=1_000_000); "
        "Alias.objects.update_or_create(code='almia-standard', defaults={'label': 'Almia standard', 'target': v})"
    )
    world.manage("shell", "-c", script)
    yield world
    world.stop()


@pytest.fixture
def trained(slow_world: World, visit: Callable[..., Visitor]) -> Callable[..., Visitor]:
    """Open the browser of the trained employee in the slow world, signed in."""

    def open_browser(**options: object) -> Visitor:
        visitor = visit(**options)
        visitor.base_url = slow_world.base_url
        page = visitor.tab()
        page.goto(f"{slow_world.base_url}/accounts/login/?next=/chat/")
        page.locator("button[name=account][value=trained]").click()
        expect_path(page, "/chat/")
        page.wait_for_load_state()  # its scripts send what is typed
        return visitor

    return open_browser


def ask(page: Page, text: str) -> None:
    page.locator("#composer-text").fill(text)
    page.keyboard.press("Enter")


def answer(page: Page) -> str:
    return page.locator(".message--answer [data-answer]").last.inner_text()


def wait_for_words(page: Page, count: int) -> None:
    expect(page.locator(".message--answer [data-answer]").last).to_have_text(re.compile(rf"\b{count}\b"))


def assert_counts(text: str, words: int | None = None) -> None:
    """Every number once, in order."""
    numbers = [int(word) for word in text.split()]
    assert numbers == list(range(len(numbers))), text
    assert words is None or len(numbers) == words


def test_reloads_and_a_second_tab_keep_every_word_and_stop_works_from_the_other(trained: Callable[..., Visitor]) -> None:
    with trained() as visitor:
        page = visitor.context.pages[0]
        ask(page, "Comptez")
        expect(page).to_have_url(re.compile(r"/chat/[0-9a-f-]{36}/"))
        for words in (5, 15, 25):
            wait_for_words(page, words)
            page.reload()
        wait_for_words(page, 35)
        other = visitor.tab()
        other.goto(page.url)
        wait_for_words(other, 45)
        other.locator("#composer-stop").click()
        for tab in (page, other):
            expect(tab.locator(".message--answer")).to_have_attribute("data-state", "stopped")
            expect(tab.locator("#composer-stop")).to_be_hidden()
        assert answer(page) == answer(other)
        assert_counts(answer(page))
        assert len(answer(page).split()) < WORDS
        page.reload()
        assert_counts(answer(page))
        assert_accessible(page)
        assert_fits(page)


def test_an_emoji_and_a_line_break_are_one_character_each(trained: Callable[..., Visitor]) -> None:
    """Through the form, which begins a conversation, and through the socket, which continues it."""
    with trained() as visitor:
        page = visitor.context.pages[0]
        write = "text => { document.getElementById('composer-text').value = text }"  # at once: typing so much takes a minute
        page.evaluate(write, "😀" * 59_000 + "\nx" * 400)
        page.locator("#composer-text").press("Enter")
        expect(page).to_have_url(re.compile(r"/chat/[0-9a-f-]{36}/"))
        wait_for_words(page, 1)
        page.locator("#composer-stop").click()
        expect(page.locator("#composer-stop")).to_be_hidden()
        # Half an emoji, as a program may leave it, costs nobody their message.
        page.evaluate("document.getElementById('composer-text').value = '😀'.repeat(59000) + ' half \\ud83d'")
        page.locator("#composer-text").press("Enter")
        expect(page.locator(".message--mine")).to_have_count(2)
        wait_for_words(page, 1)
        page.locator("#composer-stop").click()
        expect(page.locator("#composer-stop")).to_be_hidden()
        page.reload()
        expect(page.locator(".message--mine").last).to_contain_text("half \ufffd")


def test_a_second_tab_shows_a_turn_that_began_in_the_first(trained: Callable[..., Visitor]) -> None:
    with trained(language="en", width=768, height=1024) as visitor:
        page = visitor.context.pages[0]
        ask(page, "Count")
        expect(page).to_have_url(re.compile(r"/chat/[0-9a-f-]{36}/"))
        wait_for_words(page, 3)
        page.locator("#composer-stop").click()
        expect(page.locator("#composer-stop")).to_be_hidden()
        other = visitor.tab()
        other.goto(page.url)
        settle(other)
        ask(page, "Again")
        expect(other.locator(".message--mine")).to_have_count(2)
        wait_for_words(other, 8)
        other.locator("#composer-stop").click()
        expect(page.locator("#composer-stop")).to_be_hidden()
        # Another version of the first message is a branch; the way back remains.
        first = page.locator(".message--mine").first
        first.hover()
        first.locator("[data-action=edit]").click()
        page.locator("form[data-editing] textarea").fill("Count differently")
        page.locator("form[data-editing] button[type=submit]").click()
        expect(page.locator(".message--mine")).to_have_count(1)
        wait_for_words(page, 2)
        page.locator("#composer-stop").click()
        expect(page.locator("#composer-stop")).to_be_hidden()
        page.locator(".message--mine").first.hover()
        page.locator(".message--mine .message__versions button").first.click()
        expect(page.locator(".message--mine")).to_have_count(2)
        assert_accessible(page)
        assert_fits(page)


def test_after_a_power_cut_the_text_is_there_and_can_be_continued(trained: Callable[..., Visitor], slow_world: World) -> None:
    with trained(width=390, height=844) as visitor:
        page = visitor.context.pages[0]
        page.locator("#composer-text").fill("Comptez encore")
        page.locator(".composer__send[type=submit]").click()
        expect(page).to_have_url(re.compile(r"/chat/[0-9a-f-]{36}/"))
        wait_for_words(page, 50)  # more than three seconds: it was stored at least once
        slow_world.kill()
        expect(page.locator("#chat-status")).to_be_visible()
        visitor.forgive(r"WebSocket|ERR_CONNECTION|Failed to load")
        slow_world.start()
        expect(page.locator("#chat-status")).to_be_hidden(timeout=40_000)
        expect(page.locator(".message--answer")).to_have_attribute("data-state", "interrupted")
        kept = answer(page)
        assert_counts(kept)
        assert len(kept.split()) >= 20
        expect(page.locator(".message--mine [data-text]")).to_have_text("Comptez encore")
        page.reload()
        assert answer(page) == kept
        assert_accessible(page)
        page.locator("[data-action=continue]").click()
        expect(page.locator(".message--answer")).to_have_attribute("data-state", "streaming")
        page.locator("#composer-stop").click()
        expect(page.locator("#composer-stop")).to_be_hidden()
        assert answer(page).startswith(kept.rstrip())
        assert_fits(page)
