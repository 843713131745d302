"""What a page becomes when somebody uses it: menus, dialogs, the palette, the phone's sheet, refused forms, tables on a phone."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from .people import ADMINISTRATOR, EMPLOYEE, NEWCOMER, sign_in
from .test_every_page import confirm
from .visitor import Visitor, assert_accessible, assert_fits
from .world import World

Visit = Callable[..., Visitor]
LEARNERS = "/staff/courses/understanding-ai/people/"
PHONE: ViewportSize = {"width": 390, "height": 844}


@pytest.fixture(scope="module")
def scene(world: World) -> World:
    world.manage("shell", "-v0", "-c", "from tests.e2e.scene import set_scene; set_scene()")
    return world


def look(page: Page) -> None:
    assert_accessible(page)
    assert_fits(page)


def test_the_palette_opens_finds_and_says_that_it_found_nothing(scene: World, visit: Visit) -> None:
    with visit(language="fr") as visitor:
        page = visitor.tab()
        sign_in(page, ADMINISTRATOR)
        page.keyboard.press("Control+k")
        palette = page.locator("#palette")
        expect(palette.locator("[role=option]").first).to_be_visible()
        look(page)
        palette.locator("input").fill("perso")
        expect(palette.locator("[role=option]", has_text="Personnes").first).to_be_visible()
        look(page)
        page.set_viewport_size(PHONE)
        palette.locator("input").fill("xyzxyzxyz")
        expect(palette.locator("[role=option]")).to_have_count(0)
        look(page)
        page.keyboard.press("Escape")
        expect(palette).to_be_hidden()


def test_the_palette_fills_when_it_was_opened_before_the_page_was_ready(scene: World, visit: Visit) -> None:
    with visit(language="en") as visitor:
        page = visitor.tab()
        sign_in(page, ADMINISTRATOR)
        # Opened while scripts still run, before htmx processes the page: what a key pressed at once does.
        page.add_init_script("""document.addEventListener("readystatechange", () => {
            const open = () => document.querySelector("[data-palette-open]").click();
            if (document.readyState === "interactive") new MutationObserver((_, seen) => {
                if (document.querySelector("[role=combobox]")) { seen.disconnect(); open(); }
            }).observe(document, { subtree: true, attributes: true });
        })""")
        page.reload()
        palette = page.locator("#palette")
        expect(palette.locator("[role=option]").first).to_be_visible()
        palette.locator("input").fill("peo")
        expect(palette.locator("[role=option]", has_text="People").first).to_be_visible()


def test_menus_open_on_a_wide_screen(scene: World, visit: Visit) -> None:
    with visit(language="en") as visitor:
        page = visitor.tab()
        sign_in(page, EMPLOYEE)
        page.locator(".rail summary.person").click()
        expect(page.locator(".rail .menu__list")).to_be_visible()
        look(page)
        page.goto("/chat/")
        page.locator(".chat__header summary").click()
        expect(page.locator(".chat__header .menu__list")).to_be_visible()
        look(page)
        page.keyboard.press("Escape")
        row = page.locator(".conversation").first
        row.hover()
        row.locator("summary").click()
        expect(row.locator(".menu__list")).to_be_visible()
        look(page)


@pytest.mark.parametrize(("email", "language"), [(NEWCOMER, "fr"), (ADMINISTRATOR, "en")])
def test_the_sheet_rises_on_a_phone(scene: World, visit: Visit, email: str, language: str) -> None:
    with visit(language=language, width=390, height=844) as visitor:
        page = visitor.tab()
        sign_in(page, email)
        page.locator(".tabbar button").click()
        expect(page.locator("#more-sheet")).to_be_visible()
        look(page)


def test_the_conversations_open_on_a_phone(scene: World, visit: Visit) -> None:
    with visit(language="fr", width=390, height=844) as visitor:
        page = visitor.tab()
        sign_in(page, ADMINISTRATOR)
        page.goto("/chat/")
        page.locator(".chat__conversations").click()
        expect(page.locator("#conversations")).to_be_visible()
        look(page)


def test_a_question_is_asked_before_something_is_destroyed(scene: World, visit: Visit) -> None:
    with visit(language="fr") as visitor:
        page = visitor.tab()
        sign_in(page, ADMINISTRATOR)
        page.goto("/staff/people/?q=crawl.employee")
        page.locator("main table th a").click()
        page.locator("form[action$='/close/'] [name$=reason]").fill("A quitté l’entreprise")
        page.locator("form[action$='/close/'] button").click()
        expect(page.locator("#confirm")).to_be_visible()
        look(page)
        page.set_viewport_size(PHONE)
        look(page)
        page.locator("#confirm button[value=cancel]").click()
        expect(page.locator("#confirm")).to_be_hidden()


# Nothing filled in; what the browser itself would hold back is sent all the same, so that the server's messages are seen.
FORMS = [
    "/staff/people/new/",
    "/staff/models/versions/new/",
    "/staff/models/aliases/new/",
    "/staff/models/providers/new/",
    "/staff/people/import/",
    "/accounts/password/change/",
    "/account/tokens/new/",
]


@pytest.mark.parametrize(("language", "width"), [("fr", 390), ("en", 1440)])
def test_an_empty_form_comes_back_with_its_errors_in_words(scene: World, visit: Visit, language: str, width: int) -> None:
    with visit(language=language, width=width) as visitor:
        page = visitor.tab()
        sign_in(page, ADMINISTRATOR)
        for path in FORMS:
            visitor.expect_refusal(path, 422)
            page.goto(path)
            if "/reauthenticate/" in page.url:
                confirm(page)
            form = page.locator("main form:not(.toolbar)").last
            form.evaluate("(form) => { form.noValidate = true; }")
            form.locator("button:not([type=button])").last.click()
            expect(page.locator("main .errors__item, main [data-form-error]").first).to_be_visible()
            look(page)


def test_a_page_that_is_not_there_says_so(scene: World, visit: Visit) -> None:
    with visit(language="fr") as visitor:
        visitor.expect_refusal("/nothing/", 404)
        page = visitor.tab()
        for email in (None, NEWCOMER):
            if email:
                sign_in(page, email)
            page.goto("/accounts/nothing/")
            expect(page.locator("h1")).to_have_count(1)
            look(page)
            page.set_viewport_size(PHONE)
            look(page)


def test_a_table_too_wide_for_its_box_stands_as_cards_and_back(scene: World, visit: Visit) -> None:
    overflow = "document.querySelector('.table-wrap').scrollWidth - document.querySelector('.table-wrap').clientWidth"
    with visit(language="fr") as visitor:
        page = visitor.tab()
        sign_in(page, ADMINISTRATOR)
        for path in ("/staff/people/", "/staff/tasks/", "/staff/courses/", "/staff/audit/", "/staff/access/waivers/", LEARNERS):
            page.set_viewport_size({"width": 1440, "height": 900})
            page.goto(path)
            expect(page.locator("table[role=table]:not([data-stacked])")).to_be_visible()
            page.set_viewport_size(PHONE)
            expect(page.locator("table[data-stacked]")).to_be_visible()
            assert page.evaluate(overflow) <= 0, f"{path} scrolls inside its box"
            # The column that matters is still read as a cell with its column's name.
            assert page.get_by_role("row").count() > 1
            assert page.get_by_role("columnheader").count() > 1


def test_the_line_of_staff_pages_begins_where_one_is(scene: World, visit: Visit) -> None:
    with visit(language="fr", width=390, height=844) as visitor:
        page = visitor.tab()
        sign_in(page, ADMINISTRATOR)
        page.goto("/staff/audit/")
        expect(page.locator(".side__nav [aria-current]")).to_be_in_viewport(ratio=1)
