"""Somebody who takes courses: reads every lesson, answers every question correctly, hands in the quiz."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Locator, Page, expect

from apps.accounts.organisation import Organisation

from .answers import Known, plain, read_banks

LESSON = re.compile(r"/learn/courses/[^/]+/lessons/[^/]+/")
QUIZ = re.compile(r"/learn/courses/[^/]+/quiz/")
QUESTION = re.compile(r"/learn/attempts/[^/]+/questions/\d+/")
REVIEW = re.compile(r"/learn/attempts/[^/]+/review/")
RESULT = re.compile(r"/learn/attempts/[^/]+/result/")
MOST_SCREENS = 80

Look = Callable[[Page, str], None]


class Learner:
    """`look(page, kind)` is called on every screen, with what kind of screen it is. `company`: if not the demo's insurer."""

    def __init__(self, page: Page, language: str, look: Look, company: Organisation | None = None) -> None:
        self.page = page
        self._bank = read_banks(language, company)
        self._look = look

    def start_course(self) -> str:
        """From a course's page, start it; return its code."""
        code = self.page.url.rstrip("/").rsplit("/", 1)[1]
        self._look(self.page, "course")
        self._go(self.page.locator("form[action$='/start/'] button, .course-actions a.button--primary").first, LESSON)
        return code

    def read_lessons(self) -> int:
        """From a lesson, go through all that follow, up to the quiz; return how many there were."""
        for count in range(MOST_SCREENS):
            if QUIZ.search(self.page.url):
                return count
            self._look(self.page, "lesson")
            check = self.page.locator("#check form[hx-post]")
            if check.count():
                self._answer(check)
                check.locator("button[type=submit]").click()
                expect(self.page.locator("#check .verdict--right")).to_be_visible()
                self._look(self.page, "check")
            self._go(self.page.locator("form[action$='/finish/'] button").first, re.compile(r".*"))
        raise AssertionError(f"The course has no end: still at {self.page.url}")

    def pass_quiz(self) -> None:
        """From the start of the quiz, answer every question and hand it in; end on the result, which must be a pass."""
        self._look(self.page, "quiz")
        self._go(self.page.locator("form[action$='/quiz/'] button").first, QUESTION)
        for _number in range(MOST_SCREENS):
            if REVIEW.search(self.page.url):
                break
            self._look(self.page, "question")
            form = self.page.locator("form#answer")
            self._answer(form)
            self._go(form.locator("button[type=submit]"), re.compile(r".*"))
        self._look(self.page, "review")
        self._go(self.page.locator("form[action$='/submit/'] button"), RESULT)
        expect(self.page.locator(".result--passed")).to_be_visible()
        self._look(self.page, "result")

    def _answer(self, form: Locator) -> None:
        prompt = plain(form.locator("legend").inner_text())
        known = self._bank.get(prompt)
        assert known is not None, f"Not in any question bank: {prompt!r}"
        if known.categories:
            self._sort(form, known)
            return
        chosen = 0
        for choice in form.locator("label.choice").all():
            if plain(choice.locator(".choice__body").inner_text()) in known.choices:
                choice.locator("input").check()
                chosen += 1
        assert chosen == len(known.choices), f"Not all right answers are offered: {prompt!r}"

    def _sort(self, form: Locator, known: Known) -> None:
        for row in form.locator(".classify__row").all():
            item = plain(row.locator("label").inner_text())
            row.locator("select").select_option(label=known.categories[item])

    def _go(self, button: Locator, to: re.Pattern[str]) -> None:
        with self.page.expect_navigation(url=to, wait_until="domcontentloaded"):
            button.click()
