from __future__ import annotations

from django.template import Context, Template

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
