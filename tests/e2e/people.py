"""The people of the crawl; `scene.py` enters them."""

from __future__ import annotations

from playwright.sync_api import Page, expect

NEWCOMER = "crawl.newcomer@alcyon.example"
EMPLOYEE = "crawl.employee@alcyon.example"
ADMINISTRATOR = "crawl.administrator@alcyon.example"
GUEST = "crawl.guest@alcyon.example"
PASSWORD = "a-long-sentence-for-the-crawl"


def sign_in(page: Page, email: str) -> None:
    """Sign in with the password, whatever the language."""
    page.goto("/accounts/login/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    expect(page.locator("input[name=login]")).to_have_count(0)
    page.wait_for_load_state()  # what a test presses next is meant for the page that comes, once its scripts listen
