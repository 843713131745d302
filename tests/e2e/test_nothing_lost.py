"""What a person wrote is still there: after a session that ended, a sign-in elsewhere, a refusal, a broken connection."""

from __future__ import annotations

import re
from collections.abc import Callable

from playwright.sync_api import Page, Route, expect

from .test_accounts import enter, sign_in, sign_in_as, sign_out, toast
from .visitor import Visitor, assert_accessible, expect_path
from .world import World

Visit = Callable[..., Visitor]
TYPED = "Une longue demande,\nécrite avec soin : « à ne pas perdre »"


def end_session(visitor: Visitor) -> None:
    """As it ends overnight: the cookie is gone, and no page has been told."""
    visitor.context.clear_cookies(name="sessionid")


def composer(page: Page) -> str:
    return page.locator("#composer-text").input_value()


def sign_in_here(page: Page, account: str = "trained") -> None:
    page.locator(f'button[value="{account}"]').click()


def stop(page: Page) -> None:
    """Stop the answer, if it has not ended yet."""
    page.evaluate("document.getElementById('composer-stop').click()")
    expect(page.locator("#composer-stop")).to_be_hidden()


def test_a_first_message_survives_the_end_of_the_session_and_a_refusal(world: World, visit: Visit) -> None:
    with visit(language="en") as visitor:
        page = visitor.tab()
        sign_in_as(page, "trained")
        page.goto("/chat/?model=almia-standard")
        page.locator("#composer-text").fill(TYPED)
        end_session(visitor)
        page.locator("#composer-text").press("Enter")
        expect_path(page, "/accounts/login/")
        sign_in_here(page)
        expect_path(page, "/chat/")
        assert "model=almia-standard" in page.url
        assert composer(page) == TYPED

        # Our own errors and a broken connection keep it as well.
        visitor.expect_refusal("/chat/start/", 500)
        # (A page without an icon would have the browser ask for /favicon.ico, now and then before the test ends.)
        error = '<link rel="icon" href="data:,"><h1>500</h1>'
        page.route("**/chat/start/", lambda route: route.fulfill(status=500, content_type="text/html", body=error))
        page.locator("#composer-text").press("Enter")
        expect(page.get_by_role("heading", name="500")).to_be_visible()
        page.unroute("**/chat/start/")
        page.goto("/chat/")
        assert composer(page) == TYPED
        page.goto("/")
        assert page.locator("#home-text").input_value() == TYPED, "Both places begin the same conversation."

        # Accepted: gone for good, and only then.
        page.locator("#home-text").press("Enter")
        expect(page).to_have_url(re.compile(r"/chat/[0-9a-f-]{36}/"))
        page.goto("/chat/")
        assert composer(page) == ""
        assert not [cookie for cookie in visitor.context.cookies() if cookie["name"].startswith("almia-sent")]

        # A shared machine: somebody else who signs in here finds nothing, nor does anybody after a sign-out.
        page.locator("#composer-text").fill(TYPED)
        end_session(visitor)
        page.goto("/accounts/login/?next=/")
        sign_in_here(page, "administrator")
        expect_path(page, "/")
        assert TYPED not in str(page.evaluate("JSON.stringify({ ...sessionStorage })"))


def test_a_tab_comes_back_when_its_person_signs_in_again_elsewhere(world: World, visit: Visit) -> None:
    with visit(language="en") as visitor:
        visitor.expect_refusal("/chat/conversations/", 401)  # the list refreshes itself, and takes nobody away
        page, other = visitor.tab(), visitor.tab()
        sign_in_as(page, "trained")
        page.goto("/chat/")
        page.locator("#composer-text").fill("Bonjour")
        page.locator("#composer-text").press("Enter")
        expect(page).to_have_url(re.compile(r"/chat/[0-9a-f-]{36}/"))
        stop(page)
        # Another wording of a message, when the page is left before it was sent.
        page.locator(".message--mine").hover()
        page.locator("[data-action=edit]").click()
        page.locator("form[data-editing] textarea").fill(TYPED)
        page.reload()
        expect(page.locator("form[data-editing] textarea")).to_have_value(TYPED)
        page.locator("[data-cancel]").click()
        sign_out(other)
        ended = toast(page, "Your session has ended")
        expect(ended).to_be_visible()
        page.locator("#composer-text").fill(TYPED)
        page.locator("#composer-text").press("Enter")
        expect(page.locator("#composer-error")).to_contain_text("Your session has ended")
        assert composer(page) == TYPED

        # The advice works: the link leads back here, and this tab resumes by itself.
        with visitor.context.expect_page() as opened:
            ended.get_by_role("link", name="Sign in again").click()
        sign_in_here(opened.value)
        expect_path(opened.value, page.url.removeprefix(world.base_url))
        expect(ended).to_have_count(0)
        page.locator("#composer-text").press("Enter")
        expect(page.locator(".message--mine")).to_have_count(2)
        expect(page.locator("#composer-text")).to_have_value("")
        stop(page)

        # Somebody else is not the person the page was rendered for.
        sign_out(other)
        expect(ended).to_be_visible()
        page.locator("#composer-text").fill(TYPED)
        sign_in_as(other, "administrator")
        foreign = toast(page, "Another person is signed in now")
        expect(foreign).to_be_visible()
        expect(ended).to_have_count(0)
        page.locator("[data-toast-close]").click()
        expect(foreign).to_have_count(0)
        page.locator("#composer-text").press("Enter")
        expect(foreign).to_be_visible()
        assert composer(page) == TYPED
        assert_accessible(page)


def test_an_open_form_is_sent_after_a_sign_in_elsewhere(world: World, visit: Visit) -> None:
    with visit(language="en") as visitor:
        page, other = visitor.tab(), visitor.tab()
        sign_in_as(page, "administrator")
        page.goto("/staff/people/new/")
        page.get_by_label("E-mail address").fill("opened.before@alcyon.example")
        page.get_by_label("First name").fill("Opened")
        page.get_by_label("Last name").fill("Before")
        sign_out(other)
        sign_in_as(other, "administrator")
        page.get_by_role("button", name="Add this person").click()
        expect(page.get_by_role("heading", name="Opened Before")).to_be_visible()

        # A form that htmx sends, too.
        page.goto("/staff/audit/")
        sign_out(other)
        sign_in_as(other, "administrator")
        page.get_by_role("button", name="Verify the chain").click()
        expect(page.locator("#verification")).to_contain_text(re.compile("verif", re.IGNORECASE))
        expect(toast(page, "You no longer have access")).to_have_count(0)

        # For somebody else nothing is sent.
        page.goto("/staff/people/new/")
        page.get_by_label("E-mail address").fill("never@alcyon.example")
        page.get_by_label("First name").fill("Never")
        page.get_by_label("Last name").fill("Sent")
        sign_out(other)
        sign_in_as(other, "trained")
        page.get_by_role("button", name="Add this person").click()
        expect(toast(page, "Another person is signed in now")).to_be_visible()
        assert page.get_by_label("First name").input_value() == "Never"


def test_a_form_filled_in_before_the_session_ended_is_back_after_signing_in(world: World, visit: Visit) -> None:
    with visit(language="en") as visitor:
        page = visitor.tab()
        sign_in_as(page, "administrator")
        page.goto("/staff/people/new/")
        page.get_by_label("E-mail address").fill("filled.in@alcyon.example")
        page.get_by_label("First name").fill("Filled")
        page.get_by_label("Last name").fill("In")
        # Another form of the page is sent: this one is not emptied by it.
        page.locator("[name=language][value=en]").first.evaluate("button => button.form.requestSubmit(button)")
        expect(toast(page, "What you had filled in here is back")).to_be_visible()
        assert page.get_by_label("First name").input_value() == "Filled"
        end_session(visitor)
        page.get_by_role("button", name="Add this person").click()
        expect_path(page, "/accounts/login/")
        sign_in_here(page, "administrator")
        expect_path(page, "/staff/people/new/")
        expect(toast(page, "What you had filled in here is back")).to_be_visible()
        assert page.get_by_label("First name").input_value() == "Filled"
        page.get_by_role("button", name="Add this person").click()
        expect(page.get_by_role("heading", name="Filled In")).to_be_visible()
        page.goto("/staff/people/new/")
        assert page.get_by_label("First name").input_value() == ""


BEGIN_QUIZ = """
from apps.accounts.models import User
from apps.learning.models import Course
from tests.factories.learning import finish_lessons
finish_lessons(User.objects.get(email="{email}"), Course.objects.order_by("order").first())
"""


def choose(page: Page, number: int) -> None:
    control = page.locator("#answer :is(.choice input, select)").nth(number)
    if control.evaluate("control => control.matches('select')"):
        control.select_option(index=1)
    else:
        control.check()


def chosen(page: Page) -> list[int]:
    """Return which of the question's controls have a choice."""
    controls = page.locator("#answer :is(.choice input, select)")
    found = controls.evaluate_all("all => all.map((control) => control.checked || control.selectedIndex > 0)")
    return [number for number, holds in enumerate(found) if holds]


def test_a_choice_made_after_the_session_ended_is_back_and_kept(world: World, visit: Visit) -> None:
    email = enter(world, "Quizzed")
    world.manage("shell", "-c", BEGIN_QUIZ.format(email=email))
    with visit(language="en") as visitor:
        page = visitor.tab()
        sign_in(page, email)
        expect_path(page, "/")
        page.goto("/learn/")
        code = page.locator("a[href*='/learn/courses/']").first.get_attribute("href")
        page.goto(f"{code}quiz/")
        page.locator("form[action$='/quiz/'] button").first.click()
        expect(page).to_have_url(re.compile(r"/questions/1/"))
        here = page.url.removeprefix(world.base_url)
        end_session(visitor)
        visitor.expect_refusal("/questions/1/", 401)
        choose(page, 0)
        expect_path(page, "/accounts/login/")
        page.get_by_label("E-mail address").fill(email)
        page.get_by_label("Password", exact=True).fill("a-long-sentence-for-tests")
        kept: list[str] = []

        def watch(route: Route) -> None:
            if route.request.method == "POST":
                kept.append(route.request.post_data or "")
            route.continue_()

        page.route(f"**{here}", watch)
        page.get_by_role("button", name="Sign in", exact=True).first.click()
        expect_path(page, here)
        expect(toast(page, "What you had filled in here is back")).to_be_visible()
        page.wait_for_load_state("networkidle")
        assert any("autosave=1" in data for data in kept)
        page.reload()
        expect(toast(page, "What you had filled in here is back")).to_have_count(0)
        assert chosen(page) == [0]

        # Signed in again in another tab, and answered there. A choice made here is refused first for its old token, then because
        # it has not seen that answer; each time the page sends it again, knowing better.
        other = visitor.tab()
        sign_out(other)
        sign_in(other, email)
        expect_path(other, "/")
        other.goto(here)
        choose(other, 1)
        other.wait_for_load_state("networkidle")
        visitor.forgive(r"(status of|Error Code) (403|409).*/questions/1/")
        with page.expect_response(lambda response: response.status == 204 and here in response.url):
            choose(page, 2)
        mine = chosen(page)
        page.reload()
        assert chosen(page) == mine
