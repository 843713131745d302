from __future__ import annotations

import re

from django.template import Context, Template

from tests.architecture.source import files, name_of
from tests.strict.styles import read, unstyled

PAGE = '<html><head><link rel="stylesheet" href="/static/css/almia.css">{}</head><body><p class="{}"></p></body></html>'


def test_a_page_links_the_sheets_it_names() -> None:
    html = Template('{% styles "prose" "chat" %}').render(Context())
    assert html == (
        '<link rel="stylesheet" href="/static/css/pages/prose.css">\n<link rel="stylesheet" href="/static/css/pages/chat.css">'
    )


def test_a_class_needs_a_rule_in_a_sheet_that_is_linked() -> None:
    link = '<link rel="stylesheet" href="/static/css/pages/prose.css">'
    assert unstyled(PAGE.format("", "card prose")) == {"prose"}
    assert unstyled(PAGE.format(link, "card prose")) == set()
    assert unstyled(PAGE.format(link, "no-such-class")) == {"no-such-class"}


def test_a_rule_for_a_class_inside_another_is_not_enough() -> None:
    lesson = read("css/pages/lesson.css")
    assert "prose" in lesson.among - lesson.alone
    link = '<link rel="stylesheet" href="/static/css/pages/lesson.css">'
    assert unstyled(PAGE.format(link, "prose")) == {"prose"}


# Classes that come from libraries.
FROM_LIBRARIES = {"htmx-request"}


def written() -> str:
    """Return all that can put a class on a page."""
    places = ("templates/", "apps/", "static/js/")
    return "\n".join(path.read_text() for path in files(".html", ".py", ".js") if name_of(path).startswith(places))


def is_put_together(name: str, text: str) -> bool:
    """Whether `text` makes the class out of its first part and a value: `badge--{{ kind }}`."""
    first = re.match(r".*?-(?=[^-]+$)", name)
    return first is not None and re.search(re.escape(first[0]) + r"(\{|\$\{|[\"'`] ?\+)", text) is not None


def test_no_rule_is_for_a_class_that_nothing_has() -> None:
    text = written()
    words = set(re.findall(r"[\w-]+", text))
    sheets = [name_of(path).removeprefix("static/") for path in files(".css") if name_of(path).startswith("static/css/")]
    known = {name for sheet in sheets for name in read(sheet).among} - FROM_LIBRARIES
    assert len(known) > 300
    assert sorted(name for name in known - words if not is_put_together(name, text)) == []
