"""An answer as a page follows it (static/js/answer-stream.js), in the chat and on the practice bench. The test is the server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import translation
from playwright.sync_api import Browser, Locator, expect

from .chat_page import Chat, new_context

NAMES = {"chat": "r1", "practice": "t1"}


class Following:
    """A page that follows the answer it has asked for."""

    def __init__(self, page: Chat, kind: str) -> None:
        self.page, self.kind, self.id = page, kind, NAMES[kind]
        if kind == "chat":
            page.thread = '<li class="message message--answer" data-run="r1" data-state="streaming"></li>'
            page.ask()
        else:
            page.page.locator("[data-bench-prompt]").fill("Ask")
            page.page.locator("[data-bench-send]").click()
        self.box: Locator = page.page.locator(".answer--streaming")
        expect(self.box).to_be_visible()
        self.told = page.page.locator("#composer-error" if kind == "chat" else "[data-bench-error]")

    def chunk(self, after: int, seq: int, text: str) -> None:
        self.page.tell({"type": "answer.chunk", "id": self.id, "after": after, "seq": seq, "text": text})

    def end(self, seq: int, state: str = "done", **fields: Any) -> None:
        self.page.tell({"type": "answer.end", "id": self.id, "seq": seq, "state": state, **fields})

    def resumed(self, count: int = 1) -> list[int]:
        """Wait for this many requests to resume, answer the last; return the numbers they named."""
        asked: list[dict[str, Any]] = []
        for _ in range(100):
            asked = [frame for frame in self.page.asked if frame["type"] == f"{self.kind}.resume"]
            if len(asked) >= count:
                break
            self.page.page.wait_for_timeout(20)
        self.page.tell({"type": "state", "ref": asked[-1]["ref"]})
        return [frame["last_seq"] for frame in asked]


@pytest.fixture(params=list(NAMES))
def following(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Following]:
    context = new_context(browser)
    with translation.override("en"):
        yield Following(Chat(context, "/practice" if request.param == "practice" else "/"), request.param)
    context.close()


def test_what_is_double_is_dropped_and_a_gap_asks_once(following: Following) -> None:
    following.chunk(0, 1, "one ")
    following.chunk(0, 1, "one ")
    following.chunk(2, 3, "three ")
    following.chunk(3, 4, "four ")
    expect(following.box).to_have_text("one")
    assert following.resumed() == [1]
    following.chunk(1, 4, "two three four ")
    expect(following.box).to_have_text("one two three four")
    following.page.page.wait_for_timeout(100)
    assert following.resumed() == [1], "One gap, one question."


def test_after_each_reconnect_it_goes_on_where_it_was(following: Following) -> None:
    for number, word in enumerate(("one ", "two ", "three ")):
        following.chunk(number, number + 1, word)
        following.page.sockets[-1].close()
        assert following.resumed(number + 1) == list(range(1, number + 2))
    following.chunk(3, 4, "four")
    expect(following.box).to_have_text("one two three four")


def test_an_end_that_comes_before_the_last_piece_waits_for_it(following: Following) -> None:
    following.chunk(0, 1, "one ")
    following.end(2)
    assert following.resumed() == [1]
    expect(following.box).to_have_text("one")
    following.page.store("one two")
    following.chunk(1, 2, "two")
    following.end(2)
    expect(following.box).to_have_count(0)
    expect(following.page.page.get_by_text("one two")).to_be_visible()


def test_stored_text_takes_the_place_of_less_and_is_asked_for_again(following: Following) -> None:
    following.chunk(0, 1, "one ")
    stored = {"type": "answer.stored", "id": following.id, "state": "streaming"}
    following.page.tell({**stored, "seq": 3, "text": "one two three"})
    expect(following.box).to_have_text("one two three")
    following.page.tell({**stored, "seq": 2, "text": "one two"})
    page = following.page.page
    page.wait_for_timeout(100)
    expect(following.box).to_have_text("one two three")
    page.wait_for_timeout(3000)
    assert set(following.resumed()) == {3}


def test_what_could_not_be_kept_stays_on_the_screen(following: Following) -> None:
    following.chunk(0, 1, "every word of it")
    following.end(1, "interrupted", code="not_kept", message="Copy what you need.")
    expect(following.told).to_have_text("Copy what you need.")
    expect(following.box).to_have_count(0)
    following.page.tell({"type": "conversation.changed", "conversation": "c", "change": "ended", "run": "r1"})
    following.page.page.wait_for_timeout(200)  # the server has nothing of it
    expect(following.page.page.get_by_text("every word of it")).to_be_visible()


def test_stopping_asks_once_and_shows_how_it_ended(following: Following) -> None:
    following.chunk(0, 1, "one ")
    stop: dict[str, Callable[[], None]] = {
        "chat": following.page.page.locator("#composer-stop").click,
        "practice": following.page.page.locator("[data-bench-stop]").click,
    }
    stop[following.kind]()
    following.page.page.wait_for_timeout(100)
    assert [frame["type"] for frame in following.page.asked].count(f"{following.kind}.stop") == 1
    following.page.store("one")
    following.end(1, "stopped")
    expect(following.box).to_have_count(0)
    expect(following.page.page.locator("#composer-stop, [data-bench-stop]")).to_be_hidden()


def test_a_right_that_is_lost_closes_it(following: Following) -> None:
    following.chunk(0, 1, "one ")
    following.page.tell({"type": "closed", "key": f"answer:{following.id}", "code": "locked", "message": "Sign the charter."})
    expect(following.told).to_have_text("Sign the charter.")
    following.chunk(1, 2, "two ")
    following.page.page.wait_for_timeout(100)
    assert "two" not in following.page.page.locator("main").inner_text()
