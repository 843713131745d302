"""The page of a conversation without a server: the chat's own templates and scripts; the test is the other end of its socket."""

from __future__ import annotations

import json
import re
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django.template.loader import render_to_string
from playwright.sync_api import Browser, BrowserContext, Route, WebSocketRoute, expect

from apps.core.markdown import render_answer

STATIC = Path(__file__).resolve().parents[2] / "static"
ORIGIN = "http://localhost:9"  # nothing leaves the test: every request is answered from the folder
KINDS = {".js": "text/javascript", ".css": "text/css", ".html": "text/html; charset=utf-8", ".svg": "image/svg+xml"}
SHELL = """<!doctype html><html class="js" lang="en" data-theme="dark"><head><meta charset="utf-8">
<link rel="stylesheet" href="/static/css/almia.css"><link rel="stylesheet" href="/static/css/pages/prose.css">
<link rel="stylesheet" href="/static/css/pages/bench.css"><link rel="stylesheet" href="/static/css/pages/chat.css"></head>
<body><div class="frame frame--chat">
<header class="rail">Almia</header><main class="chat" id="main"><h1 class="chat__title">Title</h1>
<a class="conversations__new" href="/">New</a><div id="chat-status" class="chat__status" hidden></div>
<div class="chat__scroll" id="chat-scroll">
<div id="thread" data-conversation="c" data-url="/thread"><ol class="thread" role="list">
<li class="message"><div class="answer" id="live"></div></li><li class="message"><div class="answer" id="stored"></div></li>
</ol></div></div>
<div class="chat__foot"><button id="chat-latest" type="button" hidden></button>
<form class="composer" id="composer" method="post" action="/start" data-limit="1000">
<textarea id="composer-text" name="text"></textarea>
<p id="composer-error" hidden></p><button class="composer__send" type="submit">Send</button>
<button id="composer-stop" type="button" hidden>Stop</button></form></div>
<template id="message-template">{message}</template><template id="answer-template">{answer}</template>
<template id="editor-template"><form data-editing><textarea></textarea>
<button type="button" data-cancel>Cancel</button></form></template>
<form action="/home"><textarea id="home" data-enter-sends>words</textarea></form>
</main></div>{end}
<script src="/static/vendor/htmx.min.js"></script>
<script src="/static/vendor/markdown-it.min.js"></script>
<script type="module" src="/static/js/copy.js"></script>
<script type="module" src="/static/js/toasts.js"></script>
<script type="module" src="/static/js/chat.js"></script>
<script type="module" src="/static/js/home.js"></script>
<script type="module">
  import * as markdown from "/static/js/markdown.js";
  window.markdown = markdown;
</script></body></html>"""

# What a screen reader is given, in order.
SAID = """
window.said = [];
addEventListener("DOMContentLoaded", () => {
  const place = document.getElementById("announcer");
  new MutationObserver(() => place.textContent && said.push(place.textContent)).observe(place, { childList: true });
});
"""
# The text as it comes: `cuts` are the places where one piece ends. Each piece is rendered.
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


class Chat:
    """The page of a conversation, and the server as the page sees it."""

    def __init__(self, context: BrowserContext, path: str = "/") -> None:
        self.thread = ""
        self.sockets: list[WebSocketRoute] = []
        self.asked: list[dict[str, Any]] = []
        context.route("**/*", self._serve)
        context.route_web_socket(re.compile("/ws/"), self._connect)
        self.page = context.new_page()
        self.page.goto(ORIGIN + path)
        self.page.add_script_tag(content=WRITE)
        self.page.wait_for_function("window.markdown !== undefined")

    def _serve(self, route: Route) -> None:
        path = route.request.url.removeprefix(ORIGIN)
        file = STATIC / path.removeprefix("/static/").split("#")[0]
        if path in {"/", "/practice"}:
            parts = {
                "message": render_to_string("chat/_message.html", {"text": "", "turn": None}),
                "answer": render_to_string("chat/_answer_shell.html", {}),
                "end": render_to_string("components/shell_end.html", {"messages": []}),
            }
            body = re.sub(r"{(message|answer|end)}", lambda found: parts[found[1]], SHELL)
            if path == "/practice":
                body = re.sub(r"<main.*</main>", lambda _: f"<main id='main'>{_bench()}</main>", body, flags=re.DOTALL)
                body = body.replace("js/chat.js", "js/practice.js")
            route.fulfill(body=body, content_type=KINDS[".html"])
        elif path == "/thread":
            route.fulfill(body=f'<ol class="thread" role="list">{self.thread}</ol>', content_type=KINDS[".html"])
        elif path.startswith("/static/") and file.is_file():
            route.fulfill(body=file.read_bytes(), content_type=KINDS.get(file.suffix, "application/octet-stream"))
        else:
            route.fulfill(status=404, body="")

    def _connect(self, socket: WebSocketRoute) -> None:
        self.sockets.append(socket)
        socket.on_message(lambda message: self._hear(json.loads(str(message))))
        self.tell({"type": "hello"})

    def _hear(self, frame: dict[str, Any]) -> None:
        self.asked.append(frame)
        if frame["type"] == "chat.send":
            self.tell({"type": "chat.sent", "ref": frame["ref"], "run": "r1", "message": "m1", "model": "Model v1"})
        if frame["type"] == "practice.ask":
            self.tell({"type": "practice.asked", "ref": frame["ref"], "try": "t1", "left": 2, "left_text": "…"})

    def tell(self, *frames: dict[str, Any]) -> None:
        for frame in frames:
            self.sockets[-1].send(json.dumps(frame))

    def ask(self) -> None:
        self.page.locator("#composer-text").fill("words")
        self.page.locator("#composer-text").press("Enter")
        expect(self.page.locator("[data-run=r1]")).to_be_visible()

    def store(self, text: str) -> None:
        """Make `text` the answer that the server has stored."""
        run = SimpleNamespace(pk="r1", model_name="Model v1", state="done", cut_short=False)
        turn = SimpleNamespace(
            run=run, answer=text, answer_html=render_answer(text), is_last=False, failure="",
            answer_choice=SimpleNamespace(total=1),
        )  # fmt: skip
        inside = render_to_string("chat/_answer.html", {"turn": turn})
        self.thread = f'<li class="message message--answer" data-run="r1" data-state="done">{inside}</li>'

    def answer(self, text: str) -> None:
        """Send `text` in one piece, with its end; return when what the server stored is shown."""
        self.store(text)
        self.ask()
        self.tell(
            {"type": "answer.chunk", "id": "r1", "after": 0, "seq": 1, "text": text},
            {"type": "answer.end", "id": "r1", "seq": 1, "state": "done"},
        )
        expect(self.page.locator('[data-run=r1][data-state="done"]')).to_be_visible()


def _bench() -> str:
    body = SimpleNamespace(task="Task", material="", starter="", look_for=[])
    bench = SimpleNamespace(exercise=SimpleNamespace(pk=1), body=body, tries=[], left=3, readable=True, max_prompt=2000)
    return render_to_string("learning/_bench.html", {"bench": bench})


def new_context(browser: Browser, *scripts: str) -> BrowserContext:
    context = browser.new_context(locale="en-GB", reduced_motion="reduce", permissions=["clipboard-read", "clipboard-write"])
    for script in (SAID, *scripts):
        context.add_init_script(script)
    return context
