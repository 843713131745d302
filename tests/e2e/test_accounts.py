"""Signing in, a person's own account, and what staff do about people and access, in a browser."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Locator, Page, expect

from .visitor import Visitor, assert_accessible, expect_path
from .world import World

Visit = Callable[..., Visitor]
PASSWORD = "a-long-sentence-for-tests"
ENTER = """
from apps.accounts.services import create_person
create_person(email="{email}", first_name="Test", last_name="{name}", password="{password}", actor=None)
"""


def enter(world: World, name: str) -> str:
    """Enter somebody; return their address."""
    email = f"{name.lower()}@alcyon.example"
    world.manage("shell", "-c", ENTER.format(email=email, name=name, password=PASSWORD))
    return email


def sign_in(page: Page, email: str, password: str = PASSWORD) -> None:
    page.goto("/accounts/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password", exact=True).fill(password)
    page.get_by_role("button", name="Sign in", exact=True).first.click()


def sign_in_as(page: Page, account: str) -> None:
    page.goto("/accounts/login/")
    page.locator(f'button[value="{account}"]').click()
    expect_path(page, "/")


def sign_out(page: Page) -> None:
    page.goto("/accounts/logout/")
    page.get_by_role("main").get_by_role("button", name="Sign out").click()
    expect_path(page, "/accounts/login/")


def toast(page: Page, words: str) -> Locator:
    return page.locator(".toast__text", has_text=words)


def give_device(visitor: Visitor, page: Page) -> Any:
    """Give the browser a device that recognises its owner."""
    device = visitor.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True}
    return device.send(
        "WebAuthn.addVirtualAuthenticator",
        {"options": {**options, "isUserVerified": True, "automaticPresenceSimulation": True}},
    )


def test_a_passkey_replaces_the_password_and_seconds_it(world: World, visit: Visit) -> None:
    email = enter(world, "Passkey")
    with visit(language="en") as visitor:
        page = visitor.tab()
        give_device(visitor, page)
        sign_in(page, email)
        expect_path(page, "/")
        page.goto("/accounts/2fa/webauthn/add/")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        page.get_by_label("Let it replace my password").check()
        page.get_by_role("button", name="Add this key").click()
        expect_path(page, "/accounts/2fa/recovery-codes/")
        expect(page.locator(".codes li")).to_have_count(10)

        sign_out(page)
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect_path(page, "/")

        sign_out(page)
        sign_in(page, email)
        expect_path(page, "/accounts/2fa/authenticate/")
        page.get_by_role("button", name="Use my passkey").click()
        expect_path(page, "/")


def test_a_key_that_is_not_there_gets_a_sentence(world: World, visit: Visit) -> None:
    with visit(language="en") as visitor:
        page = visitor.tab()
        page.goto("/accounts/login/")
        give_up = "() => { navigator.credentials.get = () => Promise.reject(new DOMException('', 'NotAllowedError')); }"
        page.evaluate(give_up)
        page.get_by_role("button", name="Sign in with a passkey").click()
        expect(toast(page, "The key was not used.")).to_be_visible()


def test_the_locked_page_opens_by_itself(world: World, visit: Visit) -> None:
    email = enter(world, "Waiting")
    with visit(language="en") as visitor, visit(language="en", width=390) as staff:
        visitor.expect_refusal("/chat/", 403)
        page = visitor.tab()
        sign_in(page, email)
        page.goto("/chat/")
        expect(page.get_by_role("heading", name="Not open yet")).to_be_visible()
        steps = page.locator("#locked .row")
        expect(steps).to_have_count(4)
        assert_accessible(page)

        manager = staff.tab()
        sign_in_as(manager, "administrator")
        manager.goto("/staff/people/")
        manager.get_by_placeholder("Name or e-mail address").fill("waiting")
        manager.get_by_role("link", name="Test Waiting").click()
        for number in range(3):
            manager.get_by_role("link", name="Grant a waiver").click()
            manager.get_by_label("Training", exact=True).select_option(index=number)
            manager.get_by_label("Why?").fill("Taught it for years")
            manager.get_by_role("button", name="Grant the waiver").click()
            expect(toast(manager, "The waiver is granted")).to_be_visible()
            expect(steps.filter(has_text="Waived")).to_have_count(number + 1)

        other = visitor.tab()
        other.goto("/access/charter/")
        other.get_by_label("I have read the charter").check()
        other.get_by_role("button", name="Sign the charter").click()
        expect(toast(other, "Thank you: your signature is kept.")).to_be_visible()

        expect(page.get_by_role("heading", name="Not open yet")).to_have_count(0)
        expect_path(page, "/chat/")


def test_closing_an_account_reaches_its_open_tabs(world: World, visit: Visit) -> None:
    email = enter(world, "Leaving")
    with visit(language="en") as visitor, visit(language="en") as staff:
        page = visitor.tab()
        sign_in(page, email)
        expect_path(page, "/")
        manager = staff.tab()
        sign_in_as(manager, "administrator")
        manager.goto("/staff/people/?q=leaving")
        manager.get_by_role("link", name="Test Leaving").click()
        manager.get_by_label("Why?").fill("Has left the company")
        manager.get_by_role("button", name="Close the account").click()
        manager.get_by_role("dialog").get_by_role("button", name="Close the account").click()
        expect(toast(manager, "every session has ended")).to_be_visible()
        expect(toast(page, "Your session has ended")).to_be_visible()
        page.goto("/account/")
        expect_path(page, "/accounts/login/")


def test_language_and_appearance_stay(world: World, visit: Visit) -> None:
    with visit(language="en") as visitor:
        page = visitor.tab()
        page.goto("/accounts/login/")
        page.get_by_role("button", name="Français").click()
        expect(page.locator("html")).to_have_attribute("lang", "fr")
        sign_in_as(page, "trainer")
        page.goto("/account/")
        with page.expect_response("**/account/theme/"):
            page.locator("main [data-theme-choice=dark]").click()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.reload()
        expect(page.locator("html")).to_have_attribute("data-theme", "dark")
        page.locator("main [data-theme-choice=auto]").click()


def test_a_token_is_copied_once_and_gone(world: World, visit: Visit) -> None:
    email = enter(world, "Token")
    with visit(language="en") as visitor:
        visitor.context.grant_permissions(["clipboard-read", "clipboard-write"])
        page = visitor.tab()
        sign_in(page, email)
        expect_path(page, "/")
        page.goto("/account/tokens/new/")
        page.get_by_label("Password", exact=True).fill(PASSWORD)
        page.get_by_role("button", name="Go on").click()
        page.get_by_label("Name").fill("My spreadsheet")
        page.get_by_role("checkbox").first.check()
        page.get_by_role("button", name="Make the token").click()
        shown = page.locator("[data-token]").inner_text()
        assert_accessible(page)
        page.get_by_role("button", name="Copy").click()
        expect(page.get_by_role("button", name="Copied")).to_be_visible()
        # No page of ours may read the clipboard by itself: a person pastes.
        page.keyboard.press("Control+K")
        page.locator("#palette input").press("Control+V")
        expect(page.locator("#palette input")).to_have_value(shown)
        page.keyboard.press("Escape")
        page.get_by_role("link", name="I have it").click()
        expect(page.get_by_text("My spreadsheet")).to_be_visible()
        assert shown not in page.content()
