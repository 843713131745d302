"""Every page, as three people and a stranger meet it: from the pages they start on, along every link.

One page of each route (and of each set of query parameters) stands for its kind. What no link leads to is listed as a start;
what is not a page at all is listed with its reason. A page added later is neither, so the last test here names it until somebody
has dealt with it.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import parse_qsl, urlsplit

import pytest
from django.urls import Resolver404, URLPattern, URLResolver, get_resolver, resolve
from playwright.sync_api import Page

from .people import ADMINISTRATOR, EMPLOYEE, NEWCOMER, PASSWORD, sign_in
from .test_accounts import give_device
from .visitor import Visitor, assert_accessible, assert_fits
from .world import World

Visit = Callable[..., Visitor]
NARROW = [(768, 1024), (390, 844)]
WIDE = (1440, 900)
LINKS = "[...document.querySelectorAll('a[href]:not([download])')].map((link) => link.href)"

# What no link leads to: entry points that come in e-mails, and states of a page that a form leads to.
STRANGER_STARTS = [
    "/accounts/login/",
    "/accounts/signup/",
    "/accounts/inactive/",
    "/accounts/confirm-email/",
    "/accounts/confirm-email/nonsense/",
    "/accounts/password/reset/done/",
    "/accounts/password/reset/key/x-y/",
    "/accounts/password/reset/key/done/",
    "/accounts/3rdparty/login/cancelled/",
    "/accounts/3rdparty/login/error/",
]
NEWCOMER_STARTS = ["/", "/access/locked/chat.use/"]
# A course that is passed, one whose quiz was failed, and one whose quiz is under way.
EMPLOYEE_STARTS = [
    "/",
    "/learn/courses/understanding-ai/",
    "/learn/courses/asking-well/",
    "/learn/courses/safe-and-fair/",
    "/accounts/reauthenticate/?next=/account/",
    "/accounts/2fa/reauthenticate/?next=/account/",
    "/accounts/email/",
    "/accounts/logout/",
]
ADMINISTRATOR_STARTS = [
    "/",
    "/staff/",
    "/staff/people/?q=nobody-like-that",
    "/staff/people/?q=crawl.employee",
    "/staff/access/rights/chat.use/ask/?what=charter&min_major=1",
]
GUEST_STARTS = ["/account/", "/accounts/password/set/", "/accounts/3rdparty/"]

# What is not a page, and why.
SENDS_ON = "sends on to a page"
POST_ONLY = "takes what a form sends"
REASONS = {
    POST_ONLY: """
        accounts:apply_entries accounts:apply_import accounts:cancel_import accounts:close_entry accounts:close_person
        accounts:create_codes accounts:demo_sign_in
        accounts:end_person_sessions accounts:invite_person
        accounts:merge_entry accounts:open_entry accounts:open_person accounts:reset_second_factor accounts:revoke_token
        accounts:set_language accounts:set_roles
        accounts:set_theme accounts:test_mail accounts:untie_identity
        chat:choose_model chat:delete chat:show_message chat:show_run chat:start gateway:connect_nearby gateway:forget_adaptations
        gateway:test_provider
        learning:check learning:finish learning:publish_shipped learning:seen learning:start learning:submit portal:replay_task
    """,
    "is a part of a page": """
        accounts:import_progress chat:conversations chat:thread gateway:nearby portal:navigation portal:palette
        portal:verification
    """,
    "is for programs, or a file": """
        api:capabilities api:capability api:conversation api:conversations api:course api:courses api:me api:messages api:nothing
        api:progress api:schema accounts:export_entries accounts:import_absent accounts:import_lines
        accounts:session portal:socket
        learning:staff_export mfa_download_recovery_codes mfa_login_webauthn portal:robots
    """,
    SENDS_ON: "learning:attempt learning:staff_preview_first",
    "needs a company's sign-in, which the try-out has not": "openid_connect_callback openid_connect_login socialaccount_signup",
    "is switched off": "account_confirm_login_code",
    "has a page of ours at its address": "usersessions_list",
}
NOT_PAGES = {route: reason for reason, names in REASONS.items() for route in names.split()}


@dataclass
class Crawl:
    """`reached` holds one address for each route that led to a page of its own."""

    reached: dict[str, str] = field(default_factory=dict)
    faults: list[str] = field(default_factory=list)


def kind_of(url: str) -> tuple[str, frozenset[str]] | None:
    """Return the route of an address and the names in its query string; None for what is no page of the site map."""
    parts = urlsplit(url)
    try:
        match = resolve(parts.path)
    except Resolver404:
        return None
    return match.view_name, frozenset(name for name, value in parse_qsl(parts.query))


def look_at(page: Page) -> Iterator[str]:
    """Yield what is wrong with the page on the screen, at every width."""
    if not page.title().partition("·")[0].strip():
        yield f"{page.url} has no title"
    if (count := page.locator("h1").count()) != 1:
        yield f"{page.url} has {count} main headings"
    checks: list[Callable[[Page], None]] = [assert_fits, assert_accessible]
    for width, height in [*NARROW, WIDE]:
        page.set_viewport_size({"width": width, "height": height})
        for check in checks if width != 768 else checks[:1]:
            try:
                check(page)
            except AssertionError as error:
                yield f"at {width} px: {error}"


def confirm(page: Page) -> None:
    """Give the password once more, as the page requires before sensitive actions."""
    asked = page.url
    page.locator("main input[name=password]").fill(PASSWORD)
    page.locator("main input[name=password]").press("Enter")
    page.wait_for_url(lambda url: url != asked)


def crawl(page: Page, starts: Sequence[str], answers: Mapping[str, int] = MappingProxyType({})) -> Crawl:
    """Look at every page from `starts` on. `answers` are the statuses of routes that do not answer with 200."""
    found = Crawl()
    origin = urlsplit(page.url).netloc
    seen: set[tuple[str, frozenset[str]]] = set()
    waiting = deque(starts)
    while waiting:
        address = waiting.popleft()
        kind = kind_of(address)
        if kind and NOT_PAGES.get(kind[0]) == POST_ONLY:
            found.faults.append(f"a link leads to {address}, which only {POST_ONLY}")
        if kind is None or NOT_PAGES.get(kind[0], SENDS_ON) != SENDS_ON or (kind in seen and address not in starts):
            continue
        seen.add(kind)
        response = page.goto(address)
        assert response is not None
        if response.status != answers.get(kind[0], 200):
            found.faults.append(f"{address} answers {response.status}")
        reached = kind_of(page.url)
        if reached and reached[0] == "account_reauthenticate" != kind[0]:
            confirm(page)
            reached = kind_of(page.url)
        if reached is None:
            found.faults.append(f"{address} leads to {page.url}")
            continue
        if reached != kind and reached in seen:
            continue
        seen.add(reached)
        found.reached[reached[0]] = page.url
        found.faults += look_at(page)
        links = [link for link in page.evaluate(LINKS) if urlsplit(link).netloc == origin]
        waiting.extend(links)
    return found


def stranger(world: World, visit: Visit) -> Crawl:
    with visit(language="en") as visitor:
        visitor.expect_refusal("/accounts/3rdparty/login/error/", 401)
        page = visitor.tab()
        page.goto("/accounts/login/")
        return crawl(page, STRANGER_STARTS, {"socialaccount_login_error": 401})


def newcomer(world: World, visit: Visit) -> Crawl:
    with visit(language="fr") as visitor:
        visitor.expect_refusal("/chat/", 403)
        page = visitor.tab()
        sign_in(page, NEWCOMER)
        return crawl(page, NEWCOMER_STARTS, {"chat:new": 403})


def employee(world: World, visit: Visit) -> Crawl:
    """Somebody trained, with two second factors: their passkey is a real one, made by the browser."""
    with visit(language="en") as visitor:
        page = visitor.tab()
        give_device(visitor, page)
        sign_in(page, EMPLOYEE)
        page.goto("/accounts/2fa/webauthn/add/")
        confirm(page)
        page.locator("main form[data-passkey] button").last.click()
        page.wait_for_url(re.compile(r"/accounts/2fa/(recovery-codes|webauthn)/$"))
        world.manage("shell", "-v0", "-c", "from tests.e2e.scene import give_second_factor; give_second_factor()")
        found = crawl(page, EMPLOYEE_STARTS)
        visitor.context.clear_cookies()
        sign_in(page, EMPLOYEE)
        found.reached["mfa_authenticate"] = page.url
        found.faults += look_at(page)
        return found


def administrator(world: World, visit: Visit) -> Crawl:
    history = world.manage("shell", "-v0", "-c", "from tests.e2e.scene import history_url; print(history_url())").strip()
    with visit(language="fr") as visitor:
        page = visitor.tab()
        sign_in(page, ADMINISTRATOR)
        return crawl(page, [*ADMINISTRATOR_STARTS, history])


def guest(world: World, visit: Visit) -> Crawl:
    """Somebody without a password, who came in through the company."""
    key = world.manage("shell", "-v0", "-c", "from tests.e2e.scene import open_session; print(open_session())").strip()
    with visit(language="en") as visitor:
        visitor.expect_refusal("/chat/", 403)
        visitor.context.add_cookies([{"name": "sessionid", "value": key, "url": world.base_url}])
        page = visitor.tab()
        page.goto("/account/")
        return crawl(page, GUEST_STARTS, {"chat:new": 403})


PEOPLE = {who.__name__: who for who in (stranger, newcomer, employee, administrator, guest)}


@pytest.fixture(scope="module")
def crawls() -> dict[str, Crawl]:
    """What was found so far: each person looks around once, whichever test asks first."""
    return {}


@pytest.fixture
def crawl_of(world: World, visit: Visit, crawls: dict[str, Crawl]) -> Callable[[str], Crawl]:
    def look_around(who: str) -> Crawl:
        if not crawls:
            world.manage("shell", "-v0", "-c", "from tests.e2e.scene import set_scene; set_scene()")
        if who not in crawls:
            crawls[who] = PEOPLE[who](world, visit)
        return crawls[who]

    return look_around


def routes(resolver: URLResolver, namespace: str = "") -> Iterator[str]:
    """Yield the name of every route."""
    for entry in resolver.url_patterns:
        if isinstance(entry, URLPattern):
            if entry.name:
                yield namespace + entry.name
        else:
            yield from routes(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)


@pytest.mark.parametrize("who", PEOPLE)
def test_every_page_that_somebody_can_go_to_is_as_every_page_must_be(crawl_of: Callable[[str], Crawl], who: str) -> None:
    assert not crawl_of(who).faults, "\n".join(crawl_of(who).faults)


def test_no_page_is_missed(crawl_of: Callable[[str], Crawl]) -> None:
    reached = {route for who in PEOPLE for route in crawl_of(who).reached}
    there_are = set(routes(get_resolver()))
    missed = sorted(there_are - reached - NOT_PAGES.keys())
    assert not missed, f"{missed}: link to them, list them as a start, or say why they are no pages."
    assert not NOT_PAGES.keys() - there_are, "These are gone."
    assert not NOT_PAGES.keys() & reached, "These are pages after all."
