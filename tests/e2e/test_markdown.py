"""What is written is what is read: an answer as it comes, as it is stored, copied, printed and said aloud."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route

from apps.core.markdown import render_answer
from tests.markdown_corpus import CORPUS

STATIC = Path(__file__).resolve().parents[2] / "static"
ORIGIN = "http://localhost:9"  # nothing of it leaves the test: every request is answered from the folder
KINDS = {".js": "text/javascript", ".css": "text/css", ".html": "text/html; charset=utf-8"}
SHELL = """<!doctype html><html lang="en" data-theme="light"><head>
<link rel="stylesheet" href="/static/css/almia.css"></head><body>
<main><div class="message"><div class="answer" id="live"></div></div>
<div class="message"><div class="answer" id="stored"></div></div></main>
<div id="announcer" role="status"></div>
<template id="code-template"><div class="code-block"><div class="code-block__bar">
<span class="code-block__lang"></span><button
 class="code-block__copy" type="button" data-copy=".code-block" data-copy-text="pre"><span>Copy</span></button>
</div></div></template>
<template id="texts" data-copied="Copied" data-copy-failed="No copy" data-table="Table" data-code="Code" data-image="image"
 data-struck="(struck out: {text})"></template>
<script src="/static/vendor/markdown-it.min.js"></script>
<script type="module" src="/static/js/copy.js"></script>
<script type="module" src="/static/js/toasts.js"></script>
<script type="module">
  import * as markdown from "/static/js/markdown.js";
  window.markdown = markdown;
</script></body></html>"""

# The text as it comes: `cuts` are the places where one piece ends. Each piece is drawn.
WRITE = """
window.write = (text, cuts) => {
  const box = document.getElementById("live");
  const growing = new markdown.GrowingText(box);
  let from = 0;
  for (const cut of [...cuts, text.length]) {
    growing.add(text.slice(from, cut));
    growing.draw();
    from = cut;
  }
  return box;
};
window.stored = (html) => {
  const box = document.getElementById("stored");
  box.innerHTML = html;
  box.dispatchEvent(new CustomEvent("almia:content", { bubbles: true }));
  return box;
};
// Elements, attributes and words; the ends of lines between blocks are nothing to look at.
window.seen = (node) => {
  if (node.nodeType === Node.TEXT_NODE) {
    const bare = node.parentElement.closest("pre") ? node.data : node.data.replace(/^\\n+|\\n+$/g, "");
    return bare === "" ? [] : [bare];
  }
  const names = node.getAttributeNames().filter((name) => name !== "id").sort();
  const inside = [...node.childNodes].flatMap(seen);
  // Two pieces of text beside each other are one.
  const joined = inside.reduce((all, part) => {
    if (typeof part === "string" && typeof all.at(-1) === "string") all[all.length - 1] += part;
    else all.push(part);
    return all;
  }, []);
  return [[node.localName, names.map((name) => [name, node.getAttribute(name)]), ...joined]];
};
"""


def serve(route: Route) -> None:
    path = route.request.url.removeprefix(ORIGIN)
    if path == "/":
        route.fulfill(body=SHELL, content_type=KINDS[".html"])
    elif path.startswith("/static/") and (file := STATIC / path.removeprefix("/static/")).is_file():
        route.fulfill(body=file.read_bytes(), content_type=KINDS.get(file.suffix, "application/octet-stream"))
    else:
        route.fulfill(status=404, body="")


@pytest.fixture(scope="module")
def page(browser: Browser) -> Iterator[Page]:
    """A page with an answer's box and the scripts of the portal, without a server."""
    context = browser.new_context(base_url=ORIGIN, locale="en-GB", reduced_motion="reduce")
    context.route("**/*", serve)
    tab = context.new_page()
    tab.goto("/")
    tab.add_script_tag(content=WRITE)
    tab.wait_for_function("window.markdown !== undefined")
    yield tab
    context.close()


@pytest.fixture(autouse=True)
def english(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"


@pytest.mark.parametrize("name", CORPUS)
def test_cut_at_any_place_the_live_answer_becomes_the_stored_one(name: str, page: Page) -> None:
    text = CORPUS[name]
    found = page.evaluate(
        """([text, html]) => {
          const expected = JSON.stringify(seen(stored(html))[0].slice(2));
          const wrong = [];
          const check = (label, cuts) => {
            const live = JSON.stringify(seen(write(text, cuts))[0].slice(2));
            if (live !== expected) wrong.push([label, live, expected]);
          };
          check("at once", []);
          for (let cut = 1; cut < text.length && wrong.length < 2; cut += 1) check(`cut at ${cut}`, [cut]);
          check("sign by sign", Array.from(text, (_, index) => index));
          return wrong;
        }""",
        [text, str(render_answer(text))],
    )
    assert found == [], json.dumps(found, indent=1, ensure_ascii=False)
