"""The directory and the import of people, in a browser. ALMIA_LARGE=1: a file as large as allowed."""

from __future__ import annotations

import os
from collections.abc import Callable

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.accounts.importing import workbook

from .test_accounts import sign_in_as
from .visitor import Visitor, assert_accessible, assert_fits, expect_path

Visit = Callable[..., Visitor]
ROWS = 50_000 if os.environ.get("ALMIA_LARGE") == "1" else 600
WORK_MS = 300_000
IMPORT, IMPORTS = "/staff/people/import/", "/staff/people/imports/"
HEADERS = {
    "fr": "Matricule;Adresse électronique;Prénom;Nom;Direction",
    "en": "Staff number;E-mail address;First name;Last name;Department",
}


def upload(page: Page, name: str, content: bytes) -> None:
    """Upload a file, starting from the list of people; arrive at its columns."""
    page.goto("/staff/people/")
    page.locator(f'main a[href="{IMPORT}"]').click()
    page.locator("input[type=file]").set_input_files({"name": name, "mimeType": "text/csv", "buffer": content})
    page.locator("main form button.button--primary").click()
    page.wait_for_url(f"**{IMPORTS}*/columns/")


def check(page: Page, *, good: bool = False) -> None:
    """Keep the columns as they are guessed, and wait until the file is checked."""
    if good:
        page.locator("input[name=take][value=good]").check()
    page.locator("main form button.button--primary").click()
    expect(page.locator('button[form="apply"], .notice--warm').first).to_be_visible(timeout=WORK_MS)


def apply(page: Page) -> None:
    """Apply what was checked, and wait until that is done."""
    page.locator('main button[form="apply"]').click()
    expect(page.locator(".badge--good")).to_be_visible(timeout=WORK_MS)


def counts(page: Page) -> list[str]:
    """Return the counts on the page, digits only."""
    return ["".join(letter for letter in text if letter.isdigit()) for text in page.locator(".stat__value").all_inner_texts()]


@pytest.mark.parametrize("language", HEADERS)
def test_a_long_list_of_people_from_the_upload_to_done(visit: Visit, language: str) -> None:
    lines = (f"{n};{language}{n}@import.example;Zoé;Import{n:05};informatique\n" for n in range(ROWS))
    content = (HEADERS[language] + "\n" + "".join(lines)).encode("cp1252")
    with visit(language=language) as visitor:
        page = visitor.tab()
        sign_in_as(page, "administrator")
        upload(page, f"{language}.csv", content)
        assert_accessible(page)
        assert_fits(page)
        assert [select.input_value() for select in page.locator("main select").all()] == [
            *("", "email", "first_name", "last_name", "department")
        ]
        check(page)
        assert counts(page)[:4] == [str(ROWS), "0", "0", "0"]
        assert_accessible(page)
        apply(page)
        assert counts(page)[:4] == [str(ROWS), "0", "0", "0"]
        assert_accessible(page)
        page.goto(f"/staff/people/?q={language}{ROWS - 1}@import")
        expect(page.locator("#people tbody tr")).to_have_count(1)
        page.goto(IMPORTS)
        expect(page.locator("#imports")).to_contain_text(f"{language}.csv")


def test_a_workbook_with_columns_that_nobody_could_guess(visit: Visit) -> None:
    rows = [["Wer", "Vorname", "Familie"], ["ada@import.example", "Ada", "Lovelace"], ["max@import.example", "Max", "Born"]]
    with visit(language="en", width=390) as visitor:
        page = visitor.tab()
        sign_in_as(page, "administrator")
        upload(page, "people.xlsx", workbook(rows))
        visitor.expect_refusal("/columns/", 422)
        page.get_by_role("button", name="Check the file").click()
        expect(page.get_by_text("Choose the columns that hold: E-mail address, First name, Last name.")).to_be_visible()
        for name, field in (("Wer", "email"), ("Vorname", "first_name"), ("Familie", "last_name")):
            page.get_by_label(name).select_option(field)
        assert_fits(page)
        check(page)
        assert_fits(page)
        apply(page)
        assert_fits(page)
        assert counts(page)[:4] == ["2", "0", "0", "0"]


def test_wrong_lines_come_back_as_a_file_and_are_taken_once_they_are_right(visit: Visit) -> None:
    header = "email;first_name;last_name;site\n"
    text = header + "eva@import.example;Eva;Curie;\n" + "irene(at)import.example;Irène;Curie;\n" + "eva@import.example;Eva;C;\n"
    with visit(language="en") as visitor:
        page = visitor.tab()
        sign_in_as(page, "administrator")
        upload(page, "wrong.csv", text.encode())
        check(page)
        expect(page.get_by_text("it is all or nothing")).to_be_visible()
        expect(page.locator('button[form="apply"]')).to_have_count(0)
        page.get_by_role("link", name="Change columns or options").click()
        check(page, good=True)
        apply(page)
        assert counts(page)[:4] == ["1", "0", "0", "2"]
        expect(page.get_by_text("The same address is on line 2.")).to_be_visible()
        with page.expect_download() as downloading:
            page.get_by_role("link", name="All of them as a file").click()
        back = downloading.value.path().read_bytes()
        upload(page, "right.csv", back.replace(b"(at)", b"@"))
        check(page)
        apply(page)
        assert counts(page)[:4] == ["1", "1", "0", "0"]


def row(page: Page, name: str) -> Locator:
    return page.locator("#entries tbody tr", has_text=name)


def test_an_entity_is_made_and_moved(visit: Visit) -> None:
    with visit(language="en") as visitor:
        page = visitor.tab()
        sign_in_as(page, "administrator")
        page.goto("/staff/people/directory/")
        page.get_by_role("link", name="Add", exact=True).click()
        page.locator("input[name=code]").fill("alcyon-rennes")
        page.locator("input[name=name]").fill("Alcyon Rennes")
        page.locator("main form button.button--primary").click()
        expect(page.locator("h1")).to_contain_text("Alcyon Rennes")
        assert_accessible(page)
        page.locator("main select[name=parent]").select_option("alcyon-gestion")
        page.locator("main form button.button--primary").first.click()
        expect(page.locator(".toast__text", has_text="The changes are saved.")).to_be_visible()
        page.goto("/staff/people/directory/?kind=entities&q=rennes")
        expect(row(page, "Alcyon Rennes")).to_contain_text("Groupe Alcyon › Alcyon Gestion")
        expect_path(page, "/staff/people/directory/")
