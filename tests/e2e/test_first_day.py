"""A company's first day: an empty production, from its first administrator to a trained colleague's first answer.

What an operator types is what docs/operations.md says; everything else is done on pages, in another company's name. Even the
shipped content is published there, as if `load_content` had been forgotten.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from apps.accounts.demo_organisation import ALCYON, TOOLS
from apps.accounts.organisation import Organisation
from bench import upstream
from tools import services

from .conftest import CHROMIUM, QUIET
from .learner import Learner
from .mailbox import LINK, text_of
from .production import Production
from .visitor import Visitor, assert_accessible, assert_fits, expect_path, shoot

COMPANY = Organisation(
    name_fr="la Mutuelle des Deux Rives",
    name_en="the Mutuelle des Deux Rives",
    short_name="Deux Rives",
    ai_desk_email="ia@deux-rives.example",
    product_health_fr="Rive Santé",
    product_health_en="Rive Santé",
)
NAME = "Mutuelle des Deux Rives"
# What the demo's insurer, its products and its tools are called.
DEMO = {str(ALCYON[field]) for field in ("short_name", "product_savings_fr")} | {tool.name for tool in TOOLS} - {"Almia"}
ADMINISTRATOR = "camille.morel@deux-rives.example"
COLLEAGUE = "ines.duval@deux-rives.example"
PASSWORD = "une-phrase-assez-longue-pour-entrer"
COURSES = ["understanding-ai", "asking-well", "safe-and-fair"]
STEPS = ["organisation", "directory", "mail", "provider", "model", "courses", "charter", "requirements", "people"]
PACE = upstream.Pace(tokens=40, interval=25, first=100)
ANSWER = " ".join(str(number) for number in range(PACE.tokens))
MODEL = "Rivage"


@pytest.fixture
def production(tmp_path: Path) -> Iterator[Production]:
    """What an operator has prepared, and nobody has used."""
    if lacking := services.lacking():
        pytest.skip(f"not here: {lacking}; `make test-services` tells how to get it")
    with Production(tmp_path) as prepared:
        prepared.manage("collectstatic", "--noinput")
        prepared.manage("migrate", "--noinput")
        prepared.start()
        name = ("--first-name", "Camille", "--last-name", "Morel")
        said = prepared.manage("create_administrator", ADMINISTRATOR, *name, "--password-stdin", answer=f"{PASSWORD}\n")
        assert f"{prepared.base_url}/staff/setting-up/" in said
        prepared.wait()
        yield prepared


@pytest.fixture
def visit(production: Production, browser: Browser) -> Iterator[Callable[..., Visitor]]:
    """Return a function that opens somebody's browser on the production, by its own name and over TLS."""
    chromium = browser.browser_type.launch(executable_path=CHROMIUM, args=[*QUIET, *production.front.chromium])
    yield lambda **options: Visitor(chromium, production.base_url, **options)
    chromium.close()


def test_an_empty_production_from_its_first_administrator_to_a_first_answer(
    production: Production, visit: Callable[..., Visitor]
) -> None:
    with upstream.running(PACE) as provider, visit() as office, visit() as desk:
        administrator = office.tab()
        sign_in(administrator, ADMINISTRATOR)
        set_up(administrator, production, provider.base_url)
        colleague = desk.tab()
        desk.expect_refusal("/chat/", 403)
        # Ticked and handed in within a moment, an answer may overtake itself from one process to the other: nothing is lost.
        desk.forgive(r"(status of|Error Code) 409.*/questions/\d+/")
        come_in(colleague, production)
        learn(colleague)
        sign_charter(colleague)
        ask(colleague)
    assert_another_company(production)


def sign_in(page: Page, email: str) -> None:
    page.goto("/")
    page.locator("input[name=login]").fill(email)
    page.locator("input[name=password]").fill(PASSWORD)
    page.locator("input[name=password]").press("Enter")
    expect_path(page, "/")


# --- The administrator -------------------------------------------------------------------------------------------------------


def set_up(page: Page, production: Production, provider: str) -> None:
    """Take each step of “Setting up”, from that page on, and see it done."""
    page.locator("#main a[href='/staff/']").click()
    page.locator("main a[href='/staff/setting-up/']").first.click()
    look(page, "setting-up")
    expect_done(page)
    name_the_company(page)
    expect_done(page, "organisation")
    fill_in_the_directory(page)
    expect_done(page, "organisation", "directory")
    go(page, "sign-in")
    expect_path(page, "/staff/people/rules/")
    send_a_letter(page, production)
    expect_done(page, "organisation", "directory", "mail")
    connect_a_provider(page, provider)
    expect_done(page, *STEPS[:4])
    choose_the_model(page)
    expect_done(page, *STEPS[:5])
    publish(page)
    expect_done(page, *STEPS[:8])
    enter_a_colleague(page)
    expect_done(page, *STEPS)
    expect(page.locator("main .lead")).to_contain_text("Tout est en place")


def expect_done(page: Page, *done: str) -> None:
    """On “Setting up”, exactly these steps must be done, and the primary button must belong to the first one that is not."""
    page.goto("/staff/setting-up/")
    found = [
        step.removeprefix("step-") for step in page.locator("li:has(.badge--good)").evaluate_all("all => all.map(e => e.id)")
    ]
    assert found == list(done)
    left = [step for step in STEPS if step not in done]
    assert page.locator("li:has(.button--primary)").evaluate_all("all => all.map(e => e.id)") == [f"step-{s}" for s in left[:1]]


def go(page: Page, step: str) -> None:
    """Follow the link to a step, from “Setting up”."""
    page.goto("/staff/setting-up/")
    page.locator(f"#step-{step} a.button").click()


def fill(page: Page, **values: str) -> None:
    """Fill in the page's form, and send it; the next page must say what was done."""
    for name, value in values.items():
        field = page.locator(f"main form [name={name}]")
        if field.evaluate("field => field.localName") == "select":
            field.select_option(label=value)
        else:
            field.fill(value)
    page.locator("main form .form__actions .button--primary").click()
    expect(page.locator(".toast--success").last).to_be_visible()


def name_the_company(page: Page) -> None:
    go(page, "organisation")
    values = ("name_fr", "name_en", "short_name", "ai_desk_email", "product_health_fr", "product_health_en")
    fill(page, **{name: getattr(COMPANY, name) for name in values})
    expect(page.locator("main .facts")).to_contain_text(f"à la {NAME}")


def fill_in_the_directory(page: Page) -> None:
    entries: dict[str, dict[str, str]] = {
        "entities": {"code": "siege", "name": "Siège"},
        "departments": {"code": "gestion", "name_fr": "Gestion", "name_en": "Claims"},
        "sites": {"code": "lyon", "name": "Lyon", "city": "Lyon"},
        "jobs": {"code": "gestionnaire", "name_fr": "Gestionnaire", "name_en": "Claims handler"},
    }
    for kind, values in entries.items():
        go(page, "directory")
        page.locator(f"a.segmented__item[href='?kind={kind}']").click()
        page.locator(f"main a[href$='/{kind}/new/']").first.click()
        fill(page, **values)


def send_a_letter(page: Page, production: Production) -> None:
    page.goto("/staff/setting-up/")
    page.locator("#step-mail button").click()
    expect(page.locator(".toast--success").last).to_contain_text(ADMINISTRATOR)
    assert "Mise en service" in text_of(production.mailbox.wait_for(ADMINISTRATOR))


def connect_a_provider(page: Page, address: str) -> None:
    go(page, "provider")
    page.locator("main a[href$='/providers/new/']").first.click()
    fill(page, name="Deux Rives", base_url=address)


def choose_the_model(page: Page) -> None:
    """Ask the provider what it serves, add one of its models, put it into service, and point the standard alias to it."""
    go(page, "provider")
    page.locator("main .rows a").first.click()
    page.locator("form[action$='/test/'] button").click()
    page.locator("#probe summary").click()
    page.locator("#probe a[href*='upstream_name=steady']").click()
    fill(page, model_name=MODEL, label="v1")
    expect(page.locator("main h1")).to_contain_text(MODEL)
    fill(page, status="En service", reason="Premier modèle")
    go(page, "model")
    page.locator("main a[href$='/aliases/new/']").first.click()
    fill(page, target=f"{MODEL} v1 (Deux Rives)", reason="Premier modèle")
    page.goto("/staff/setting-up/")
    page.locator("#step-model button").click()
    expect(page.locator("main .notice--good")).to_be_visible()


def publish(page: Page) -> None:
    go(page, "charter")
    page.locator("main .empty a").click()
    expect_path(page, "/staff/courses/")
    look(page, "no-course")
    page.locator("main .empty button").click()
    expect(page.locator("main tbody tr")).to_have_count(len(COURSES))
    page.locator("main tbody a").first.click()
    expect(page.locator("main")).to_contain_text("Comprendre l’IA")


def enter_a_colleague(page: Page) -> None:
    go(page, "people")
    page.locator("main a[href='/staff/people/new/']").click()
    page.locator("main [name=invite]").check()
    place = {"entity": "Siège", "department": "Gestion", "site": "Lyon", "job_role": "Gestionnaire"}
    fill(page, first_name="Inès", last_name="Duval", email=COLLEAGUE, **place)


# --- The colleague -----------------------------------------------------------------------------------------------------------


def come_in(page: Page, production: Production) -> None:
    """Open the invitation, choose a password, and sign in with it."""
    letter = text_of(production.mailbox.wait_for(COLLEAGUE))
    assert NAME in letter
    link = LINK.search(letter)
    assert link is not None
    page.goto(link[0])
    look(page, "invitation")
    for name in ("password1", "password2"):
        page.locator(f"input[name={name}]").fill(PASSWORD)
    page.locator("main form button.button--primary").click()
    page.locator("main a.button--primary").click()
    sign_in(page, COLLEAGUE)
    page.goto("/chat/")
    expect(page.locator("#locked .row")).to_have_count(4)


def learn(page: Page) -> None:
    learner = Learner(page, "fr", lambda page, kind: None, COMPANY)
    for course in COURSES:
        page.goto("/")
        page.locator("#home a.button--primary").click()
        expect_path(page, f"/learn/courses/{course}/")
        assert learner.start_course() == course
        assert learner.read_lessons() >= 15
        learner.pass_quiz()


def sign_charter(page: Page) -> None:
    page.goto("/")
    page.locator("#home a.button--primary").click()
    expect_path(page, "/access/charter/")
    expect(page.locator("article.prose")).to_contain_text(NAME)
    page.locator("form input[type=checkbox]").check()
    page.locator("form[action='/access/charter/'] button").click()


def ask(page: Page) -> None:
    """The right is there at once; the first question is answered as it is written."""
    page.goto("/")
    page.locator("#home-text").fill("Résume ce courrier en trois points.")
    page.locator("#home-text").press("Enter")
    page.wait_for_url(re.compile(r"/chat/[0-9a-f-]{36}/"))
    answer = page.locator(".message--answer").last
    expect(answer.locator(".answer--streaming")).to_be_visible()
    expect(answer.locator("[data-actions]")).to_be_visible()
    expect(answer.locator(".answer")).to_have_text(ANSWER)
    expect(answer.locator("[data-model]")).to_contain_text(f"{MODEL} v1")
    look(page, "answer")


# --- What everybody saw ------------------------------------------------------------------------------------------------------


def look(page: Page, name: str) -> None:
    """Check a page that no other test comes to, because it belongs to the first day, as every page is checked."""
    assert_fits(page)
    assert_accessible(page)
    shoot(page, f"first-day-{name}")


def assert_another_company(production: Production) -> None:
    """Nothing that a browser or a mailbox was sent names the demo's insurer, and no process had trouble."""
    seen = [(line, bytes(body)) for line, body in production.front.answered]
    seen += [(letter["Subject"], text_of(letter).encode()) for letter in production.mailbox.letters]
    assert len(seen) > 200
    named = {(where, name) for where, body in seen for name in DEMO if name.lower().encode() in body.lower()}
    assert not named
    assert sum(NAME.encode() in body for _where, body in seen) > 10
    assert not [line for line in production.log().splitlines() if "Traceback" in line or " ERROR " in line]
