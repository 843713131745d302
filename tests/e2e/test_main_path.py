"""The main path through Almia: a newcomer signs in, takes the three courses, signs the charter, and chats, without any reload."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, expect

from .learner import Learner
from .visitor import Visitor, assert_accessible, assert_fits, expect_path, shoot
from .world import World

COURSES = ["understanding-ai", "asking-well", "safe-and-fair"]
ANSWER_MS = 120_000
# Looked at once each: the screens of one kind differ in their words only.
LOOKED_AT: set[str] = set()


def look(page: Page, kind: str) -> None:
    """Check the first screen of each kind as every page is checked."""
    if kind in LOOKED_AT:
        return
    LOOKED_AT.add(kind)
    assert_fits(page)
    assert_accessible(page)
    shoot(page, f"path-{len(LOOKED_AT):02}-{kind}")


def sign_in(page: Page, account: str) -> None:
    """Sign in as one of the demo accounts, in one click."""
    page.goto("/")
    page.locator(f"button[name=account][value={account}]").click()
    expect_path(page, "/")


def mark(page: Page) -> None:
    """Leave a mark that a reload would wipe out."""
    page.evaluate("window.stillTheSamePage = true")


def assert_never_reloaded(page: Page) -> None:
    assert page.evaluate("window.stillTheSamePage === true"), f"{page.url} was reloaded"


def test_from_the_first_click_to_the_first_answer(world: World, visit: Callable[..., Visitor]) -> None:
    LOOKED_AT.clear()
    world.wait_for_model()
    with visit() as visitor:
        page = visitor.tab()
        page.goto("/")
        look(page, "sign-in")
        sign_in(page, "newcomer")
        look(page, "home-newcomer")

        # Locked, and it says why: on the home page, in the navigation, and on the page itself.
        expect(page.locator("#rail-nav a.nav__link--locked[href='/chat/']")).to_be_visible()
        expect(page.locator(".path__step")).to_have_count(5)
        visitor.expect_refusal("/chat/", 403)
        locked = visitor.tab()
        locked.goto("/chat/")
        expect(locked.locator("#locked .row")).to_have_count(4)
        look(locked, "locked")
        waiting = visitor.tab()
        waiting.goto("/")
        mark(waiting)

        page.bring_to_front()
        learner = Learner(page, "fr", look)
        for number, course in enumerate(COURSES):
            page.goto("/")
            page.locator("#home a.button--primary").click()
            expect_path(page, f"/learn/courses/{course}/")
            assert learner.start_course() == course
            assert learner.read_lessons() >= 15
            learner.pass_quiz()
            # The tabs that were left alone know it, each without a reload.
            expect(waiting.locator(".path__step--done")).to_have_count(number + 1)
            expect(locked.locator("#locked .row__icon--good")).to_have_count(number + 1)
        expect(waiting.locator("#rail-nav a.nav__link--locked[href='/chat/']")).to_be_visible()

        page.goto("/")
        page.locator("#home a.button--primary").click()
        expect_path(page, "/access/charter/")
        look(page, "charter")
        page.locator("form input[type=checkbox]").check()
        page.locator("form[action='/access/charter/'] button").click()

        # The last step opens everything that waits for it.
        expect(waiting.locator("#home-text")).to_be_visible()
        expect(waiting.locator("#rail-nav a.nav__link[href='/chat/']")).to_be_visible()
        expect(waiting.locator("#rail-nav a.nav__link--locked")).to_have_count(0)
        assert_never_reloaded(waiting)
        expect(locked.locator("#composer-text")).to_be_visible()
        expect_path(locked, "/chat/")
        look(locked, "chat-new")
        look(waiting, "home-open")

        # And a real model answers.
        waiting.bring_to_front()
        waiting.locator("#home-text").fill("Say hello to the claims team in one short sentence.")
        waiting.locator("#home-text").press("Enter")
        waiting.wait_for_url(re.compile(r"/chat/[0-9a-f-]{36}/"))
        answer = waiting.locator(".message--answer").last
        expect(answer.locator("[data-actions]")).to_be_visible(timeout=ANSWER_MS)
        expect(answer.locator(".answer")).not_to_be_empty()
        expect(answer.locator("[data-model]")).to_contain_text("SmolLM2")
        expect(answer.locator(".message__failure")).to_be_hidden()
        first = answer.locator(".answer").inner_text()
        look(waiting, "chat-answer")

        # What was written is there for every tab, and for the next visit.
        page.bring_to_front()
        page.goto("/")
        page.locator("#home .rows a").first.click()
        page.wait_for_url(re.compile(r"/chat/[0-9a-f-]{36}/"))
        expect(page.locator(".message--answer .answer")).to_have_text(re.compile(re.escape(first[:20])))
