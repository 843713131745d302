"""Somebody at a browser. What goes wrong on any of their pages fails the test, whatever the test looks at."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Error, Page, expect

AXE = Path(__file__).parent / "vendor" / "axe.min.js"
ARTIFACTS = Path(__file__).parent / "artifacts"
PATIENCE_MS = 15_000

Theme = Literal["light", "dark"]
THEMES: tuple[Theme, ...] = ("light", "dark")

# Told before any script of the page runs, so that nothing is missed.
REPORT_VIOLATIONS = """
document.addEventListener("securitypolicyviolation", (event) => {
  const where = `${event.sourceFile}:${event.lineNumber}`;
  console.error(`CSP: ${event.violatedDirective} refused ${event.blockedURI || "inline"} (${where})`);
});
"""
# Two frames after the colours have changed, with nothing moving any more.
DRAWN = """
async (theme) => {
  const frame = () => new Promise((resolve) => requestAnimationFrame(resolve));
  while (!matchMedia(`(prefers-color-scheme: ${theme})`).matches) await frame();
  await frame();
  await frame();
  await Promise.allSettled(document.getAnimations().map((animation) => animation.finished));
}
"""
FIND_FAULTS = """
async () => {
  const result = await axe.run(document, { resultTypes: ["violations"], preload: false });
  return result.violations.map((violation) => ({
    rule: violation.id,
    help: violation.help,
    nodes: violation.nodes.slice(0, 5).map((node) => `${node.target.join(" ")}: ${node.failureSummary}`),
  }));
}
"""


class Visitor:
    """One person's browser: its tabs share cookies. Use it as a context manager; leaving it checks that nothing went wrong."""

    def __init__(
        self,
        browser: Browser,
        base_url: str,
        *,
        language: str = "fr",
        theme: Theme = "light",
        width: int = 1440,
        height: int = 900,
    ) -> None:
        self.base_url = base_url
        self.language = language
        self._expected: list[re.Pattern[str]] = []
        self._faults: list[str] = []
        self.context: BrowserContext = browser.new_context(
            base_url=base_url,
            locale={"fr": "fr-FR", "en": "en-GB"}[language],
            color_scheme=theme,
            viewport={"width": width, "height": height},
            reduced_motion="reduce",
            is_mobile=False,
            has_touch=width < 600,
        )
        self.context.set_default_timeout(PATIENCE_MS)
        self.context.add_init_script(REPORT_VIOLATIONS)
        self.context.on("page", self._watch)

    def __enter__(self) -> Visitor:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: Any) -> None:
        try:
            if error is not None:
                self._keep_evidence()
        finally:
            self.context.close()
        if error is None:
            assert not self.faults, "\n".join(self.faults)

    def tab(self) -> Page:
        """Open another tab."""
        return self.context.new_page()

    def expect_refusal(self, path: str, status: int) -> None:
        """Declare that requests to `path` (a regular expression) answer with `status`: the browser reports each as an error."""
        self._expected.append(re.compile(rf"status of {status}\b.*{path}"))

    def forgive(self, pattern: str) -> None:
        """Declare that messages that match `pattern` are expected: a server that was killed on purpose."""
        self._expected.append(re.compile(pattern))

    @property
    def faults(self) -> list[str]:
        """What the pages reported and was not expected."""
        return [fault for fault in self._faults if not any(pattern.search(fault) for pattern in self._expected)]

    def _watch(self, page: Page) -> None:
        def on_console(message: ConsoleMessage) -> None:
            if message.type in {"error", "warning"}:
                self._faults.append(f"{message.type}: {message.text} [{message.location.get('url', '')}] on {page.url}")

        def on_error(error: Error) -> None:
            self._faults.append(f"exception: {error} on {page.url}")

        page.on("console", on_console)
        page.on("pageerror", on_error)

    def _keep_evidence(self) -> None:
        ARTIFACTS.mkdir(exist_ok=True)
        for number, page in enumerate(self.context.pages):
            try:
                page.screenshot(path=ARTIFACTS / f"failure-{number}.png", full_page=True)
                (ARTIFACTS / f"failure-{number}.html").write_text(page.content())
            except Error:
                continue  # a page that crashed has nothing left to show
        (ARTIFACTS / "failure.log").write_text("\n".join(self._faults))


def settle(page: Page) -> None:
    """Wait until a page has its styles, its fonts and its socket's scripts."""
    page.wait_for_load_state("load")
    page.evaluate("document.fonts.ready.then(() => true)")


def assert_accessible(page: Page) -> None:
    """Run axe on what is on the screen, in both themes. Raises AssertionError with every fault."""
    page.bring_to_front()  # a tab in the background is drawn once a second, if at all
    settle(page)
    page.evaluate(AXE.read_text())
    found: list[str] = []
    for theme in THEMES:
        page.emulate_media(color_scheme=theme, reduced_motion="reduce")
        page.evaluate(DRAWN, theme)
        for fault in page.evaluate(FIND_FAULTS):
            found.append(f"{theme} {fault['rule']}: {fault['help']}\n    " + "\n    ".join(fault["nodes"]))
    page.emulate_media(color_scheme="light", reduced_motion="reduce")
    assert not found, f"{page.url}\n" + "\n".join(found)


def assert_fits(page: Page) -> None:
    """Nothing may make the page scroll sideways."""
    too_wide = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    assert too_wide <= 0, f"{page.url} is {too_wide} px wider than the window"


def shoot(page: Page, name: str) -> None:
    """Save a picture of the page for people to look at."""
    ARTIFACTS.mkdir(exist_ok=True)
    settle(page)
    page.screenshot(path=ARTIFACTS / f"{name}.png", full_page=True)


def expect_path(page: Page, path: str) -> None:
    """Wait until the page is at `path`."""
    expect(page).to_have_url(re.compile(rf"^[^/]+//[^/]+{re.escape(path)}(\?.*)?(#.*)?$"), timeout=PATIENCE_MS)
