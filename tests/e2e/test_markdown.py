"""What is written is what is read: an answer as it comes, as it is stored, copied, printed and read aloud."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.utils import translation
from playwright.sync_api import Browser, Page, expect

from apps.core.markdown import render_answer
from tests.markdown_corpus import CORPUS

from .chat_page import ORIGIN, Chat, new_context

Open = Callable[..., Chat]


@pytest.fixture
def open_chat(browser: Browser) -> Iterator[Open]:
    """Return a function that opens the page of a conversation."""
    contexts = []

    def open_one(*scripts: str) -> Chat:
        contexts.append(new_context(browser, *scripts))
        return Chat(contexts[-1])

    yield open_one
    for context in contexts:
        context.close()


@pytest.fixture(scope="module")
def chat(browser: Browser) -> Iterator[Chat]:
    """A page for all the texts."""
    context = new_context(browser)
    with translation.override("en"):
        yield Chat(context)
    context.close()


@pytest.fixture
def page(chat: Chat) -> Page:
    return chat.page


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


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
          // And at no moment is anything on show that the text so far does not say.
          const box = document.getElementById("live");
          const growing = new markdown.GrowingText(box);
          for (let end = 1; end <= Math.min(text.length, 300) && wrong.length < 2; end += 1) {
            growing.add(text.slice(end - 1, end));
            growing.draw();
            const both = [box, stored(markdown.render(text.slice(0, end)))];
            const [live, whole] = both.map((each) => JSON.stringify(seen(each)[0].slice(2)));
            if (live !== whole) wrong.push([`so far ${end}`, live, whole]);
          }
          return wrong;
        }""",
        [text, str(render_answer(text))],
    )
    assert found == [], json.dumps(found, indent=1, ensure_ascii=False)


# --- Said aloud -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CORPUS)
def test_a_screen_reader_hears_the_words_of_the_answer_and_none_of_the_page(name: str, page: Page) -> None:
    live, stored, without_numbers, bare = page.evaluate(
        """([text, html]) => {
          const bare = document.createElement("div");
          bare.innerHTML = html;
          const words = [markdown.readable(write(text, [])), markdown.readable(stored(html))];
          return [...words, markdown.readable(stored(html.replaceAll("<ol", "<ul"))), bare.textContent];
        }""",
        [CORPUS[name], str(render_answer(CORPUS[name]))],
    )
    assert live == stored
    assert "Copy" not in live
    spoken = re.sub(r"\(struck out: (.*?)\)", r"\1", without_numbers, flags=re.DOTALL)
    between = re.compile(r"[\s,\ufeff]")
    assert between.sub("", spoken) == between.sub("", bare)


ALOUD = {
    "Yes": "Yes",
    "7. seven\n8. eight\n   - inner\n9. nine": "7. seven 8. eight inner 9. nine",
    "Now ~~99 €~~ **79 €**": "Now (struck out: 99 €) 79 €",
    "See [the guide](https://a.example).\n\n```sh\nls -l\n```\n\nDone.": "See the guide. ls -l Done.",
    "| Plan | Price |\n|---|--:|\n| Small | 5 |": "Plan, Price Small, 5",
    "one  \ntwo<br>three": "one two three",
    "\\(x_1\\) and ![a chart](x)": "\\(x_1\\) and a chart",
    "word " * 300: "word " * 119 + "word…",
    "x" * 700: "x" * 600 + "…",
}


@pytest.mark.parametrize("text", ALOUD)
def test_an_answer_in_one_piece_is_said_once(text: str, open_chat: Open) -> None:
    chat = open_chat()
    chat.answer(text)
    chat.page.wait_for_function("said.length > 0")
    chat.page.wait_for_timeout(150)
    assert [" ".join(words.split()) for words in chat.page.evaluate("said")] == [" ".join(ALOUD[text].split())]


def test_an_answer_that_was_written_while_nobody_looked_is_said_too(open_chat: Open) -> None:
    chat = open_chat()
    chat.store("All of it.")
    chat.ask()
    chat.tell({"type": "answer.stored", "id": "r1", "seq": 9, "text": "All of it.", "state": "done"})
    chat.page.wait_for_function("said.length > 0")
    assert chat.page.evaluate("said") == ["All of it."]


def test_the_practice_bench_shows_and_says_what_was_written(browser: Browser) -> None:
    context = new_context(browser)
    bench = Chat(context, "/practice")
    page, tell = bench.page, bench.tell
    page.locator("[data-bench-prompt]").fill("Ask")
    page.locator("[data-bench-prompt]").press("Control+Enter")
    expect(page.locator("[data-try=t1]")).to_be_visible()
    text = CORPUS["struck in a table"]
    tell({"type": "answer.chunk", "id": "t1", "after": 0, "seq": 1, "text": text[:20]})
    tell({"type": "answer.chunk", "id": "t1", "after": 1, "seq": 2, "text": text[20:]})
    expect(page.locator("[data-try=t1] td del")).to_have_text("12,00 €")
    html = "[data-try=t1] [data-try-answer]"
    live = page.locator(html).inner_html()
    told = {"state": "done", "html": str(render_answer(text)), "left": 2, "left_text": "2"}
    tell({"type": "answer.end", "id": "t1", "seq": 2, **told})
    expect(page.locator("[data-bench-left]")).to_have_text("2")
    elements = re.compile(r"<(\w+)")
    assert elements.findall(page.locator(html).inner_html()) == elements.findall(live)
    page.wait_for_function("said.length > 0")
    assert [" ".join(words.split()) for words in page.evaluate("said")] == [
        "The model Plan, Price Small, (struck out: 12,00 €) 9,50 €"
    ]
    assert page.evaluate(KEY, ["[data-bench-prompt]", "Enter", {"keyCode": 229, "ctrlKey": True}]) is False
    assert [frame["type"] for frame in bench.asked].count("practice.ask") == 1
    context.close()


# --- Copied -----------------------------------------------------------------------------------------------------------------

COPIED = """7. ~~99 €~~ **79 €**
8. [the guide](/guide "t")

```python
print(1)
```

| a | b |
|---|--:|
| <b> | 2 |

\\(x_1\\) שלום"""
READ = """async () => {
  const read = async () => {
    const [item] = await navigator.clipboard.read();
    const as = async (type) => (item.types.includes(type) ? (await item.getType(type)).text() : "");
    return [await as("text/plain"), await as("text/html")];
  };
  // The clipboard of a browser without a screen may still be busy with what was just put there.
  for (let times = 0; times < 20; times += 1) {
    try {
      return await read();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
  return read();
}"""
WITHOUT_CLIPBOARD = "Object.defineProperty(navigator, 'clipboard', { value: undefined });"
NO_COMMAND = "document.execCommand = () => false;"


def paste(page: Page) -> str:
    """Return what Ctrl-V brings."""
    page.locator("#composer-text").fill("")
    page.locator("#composer-text").press("Control+v")
    return page.locator("#composer-text").input_value()


@pytest.mark.parametrize("name", CORPUS)
def test_the_copy_of_an_answer_is_what_was_written(name: str, chat: Chat) -> None:
    written = CORPUS[name] or "x"
    chat.store(written)
    chat.page.evaluate(
        """(item) => {
          document.querySelector(".thread [data-run]")?.remove();
          document.querySelector(".thread").insertAdjacentHTML("beforeend", item);
          document.querySelector(".thread").dispatchEvent(new CustomEvent("almia:content", { bubbles: true }));
        }""",
        chat.thread,
    )
    chat.page.locator("[data-copy-html]").click()
    expect(chat.page.locator("button[data-copied]")).to_be_visible()
    text, _ = chat.page.evaluate(READ)
    assert text == re.sub(r"\r\n?", "\n", written).replace("\x00", "")


def test_the_copy_of_an_answer_keeps_its_form_for_a_letter(open_chat: Open) -> None:
    chat = open_chat()
    chat.answer(COPIED)
    chat.page.locator("[data-copy-html]").click()
    expect(chat.page.locator("button[data-copied]")).to_be_visible()
    text, html = chat.page.evaluate(READ)
    assert text == COPIED
    assert "Copy" not in html
    assert "class=" not in html.replace('class="language-', "")
    for part in [
        '<ol start="7"',
        "<del>99 €</del>",
        f'href="{ORIGIN}/guide"',
        'align="right"',
        "print(1)",
        "&lt;b&gt;",
        "\\(x_1\\)",
    ]:
        assert part in html


@pytest.mark.parametrize("selector", ["[data-copy-html]", ".code-block__copy"])
def test_outside_a_secure_context_the_copy_works_as_well(selector: str, open_chat: Open) -> None:
    chat = open_chat(WITHOUT_CLIPBOARD)
    chat.answer(COPIED)
    button = chat.page.locator(f"[data-run=r1] {selector}")
    button.click()
    expect(chat.page.locator("button[data-copied]")).to_be_visible()
    assert chat.page.evaluate("document.activeElement.matches('[data-copy]')")
    assert chat.page.locator("textarea.visually-hidden").count() == 0
    assert paste(chat.page) == (COPIED if "html" in selector else "print(1)")


def test_a_browser_that_copies_in_no_way_says_so(open_chat: Open) -> None:
    chat = open_chat(WITHOUT_CLIPBOARD, NO_COMMAND)
    chat.answer("words")
    chat.page.locator("[data-copy-html]").click()
    expect(chat.page.locator(".toast__text")).to_contain_text("Select the text and copy it yourself")
    assert chat.page.locator("button[data-copied]").count() == 0


def test_code_is_copied_as_it_stands(open_chat: Open) -> None:
    chat = open_chat()
    chat.answer("```sh\n\n  rm -r x\n\techo \u00a0 '<b>'\n\n```\n")
    chat.page.locator(".code-block__copy").click()
    expect(chat.page.locator("button[data-copied]")).to_be_visible()
    assert chat.page.evaluate(READ)[0] == "\n  rm -r x\n\techo \u00a0 '<b>'\n"


def test_a_selection_leaves_the_words_of_buttons_out(open_chat: Open) -> None:
    chat = open_chat()
    chat.answer("before\n\n```python\nprint(1)\n```\n\nafter")
    chat.page.evaluate("getSelection().selectAllChildren(document.querySelector('[data-run=r1]'))")
    chat.page.locator("#chat-scroll").press("Control+c")
    text, html = chat.page.evaluate(READ)
    assert text.split() == ["Model", "v1", "before", "print(1)", "after"]
    assert "Copy" not in html


# --- Printed ----------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CORPUS)
def test_nothing_is_cut_off_on_paper(name: str, page: Page) -> None:
    page.set_viewport_size({"width": 680, "height": 900})  # an A4 sheet between its margins
    page.emulate_media(media="print", color_scheme="dark")
    try:
        cut = page.evaluate(
            """(html) => {
              const box = stored(html);
              write("", []);
              const right = document.getElementById("main").getBoundingClientRect().right;
              const wide = [...box.querySelectorAll("*")].filter((node) => {
                const style = getComputedStyle(node);
                const hides = style.overflowX !== "visible" && node.scrollWidth > node.clientWidth;
                return hides || node.getBoundingClientRect().right > right + 1;
              });
              if (document.documentElement.scrollWidth > 680) wide.push(document.body);
              return wide.map((node) => node.outerHTML.slice(0, 80));
            }""",
            str(render_answer(CORPUS[name])),
        )
    finally:
        page.emulate_media(media="screen")
    assert cut == []


def test_paper_is_light_and_bears_no_frame(open_chat: Open) -> None:
    chat = open_chat()
    chat.answer("```python\n1\n```\n\n[the guide](https://a.example/guide) and <https://b.example/>")
    page = chat.page
    page.emulate_media(media="print", color_scheme="dark")
    assert page.evaluate("getComputedStyle(document.documentElement).colorScheme") == "light"
    for hidden in (".rail", ".chat__foot", ".code-block__copy", ".message__actions"):
        assert not page.locator(hidden).first.is_visible()
    assert page.locator(".code-block__lang").is_visible()
    behind = "(link) => getComputedStyle(link, '::after').content"
    assert "https://a.example/guide" in page.locator("[data-run=r1] a").first.evaluate(behind)
    assert page.locator("[data-run=r1] a").last.evaluate(behind) == "none"
    assert page.evaluate("getComputedStyle(document.getElementById('chat-scroll')).overflowY") == "visible"


# --- Input methods ----------------------------------------------------------------------------------------------------------

KEY = """([selector, key, options]) => {
  const event = new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true, ...options });
  document.querySelector(selector).dispatchEvent(event);
  return event.defaultPrevented;
}"""
COMPOSING = [
    {"isComposing": True, "keyCode": 13},
    {"isComposing": True, "keyCode": 229},
    {"isComposing": False, "keyCode": 229},  # Safari: compositionend came first
]


@pytest.mark.parametrize("options", COMPOSING)
@pytest.mark.parametrize("field", ["#composer-text", "#home"])
def test_enter_that_ends_a_composition_sends_nothing(field: str, options: dict[str, Any], open_chat: Open) -> None:
    chat = open_chat()
    sent = "window.sent = 0; addEventListener('submit', (event) => { event.preventDefault(); sent += 1; }, true)"
    chat.page.evaluate(sent)
    chat.page.locator(field).fill("にほん")
    assert chat.page.evaluate(KEY, [field, "Enter", options]) is False
    assert chat.page.evaluate("sent") == 0
    assert chat.page.evaluate(KEY, [field, "Enter", {"keyCode": 13}]) is True
    assert chat.page.evaluate("sent") == 1


@pytest.mark.parametrize("options", COMPOSING)
def test_escape_that_drops_a_suggestion_keeps_what_is_being_changed(options: dict[str, Any], open_chat: Open) -> None:
    chat = open_chat()
    chat.ask()
    chat.page.locator("[data-message=m1] [data-action=edit]").click()
    chat.page.locator("form[data-editing] textarea").fill("にほん")
    chat.page.evaluate(KEY, ["form[data-editing] textarea", "Escape", options])
    expect(chat.page.locator("form[data-editing] textarea")).to_have_value("にほん")
    chat.page.evaluate(KEY, ["form[data-editing] textarea", "Escape", {"keyCode": 27}])
    expect(chat.page.locator("form[data-editing]")).to_have_count(0)
