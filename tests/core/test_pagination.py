from __future__ import annotations

import pytest
from django.contrib.auth.models import AnonymousUser
from django.core.paginator import Paginator
from django.template.loader import render_to_string
from django.test import RequestFactory

from apps.core.templatetags.ui import page_links


@pytest.mark.parametrize(
    ("number", "pages", "links"),
    [
        (1, 1, "[1]"),
        (2, 4, "1 [2] 3 4"),
        (1, 9, "[1] 2 … 9"),
        (5, 9, "1 … 4 [5] 6 … 9"),
        (9, 9, "1 … 8 [9]"),
        (3, 9, "1 2 [3] 4 … 9"),
    ],
)
def test_the_first_the_last_and_those_around(number: int, pages: int, links: str) -> None:
    page = Paginator(range(pages), 1).page(number)
    assert " ".join(f"[{link.number}]" if link.is_current else str(link.number or "…") for link in page_links(page)) == links


def test_a_link_keeps_the_rest_of_the_address(rf: RequestFactory) -> None:
    request = rf.get("/?q=a&page=5")
    request.user = AnonymousUser()
    page = Paginator(range(90), 10).page(5)
    html = " ".join(render_to_string("components/pagination.html", {"page": page}, request=request).split())
    assert html.count("<li>") == 7 + 2
    assert 'href="?q=a&amp;page=6" aria-label="Page 6"' in html
    assert html.count('aria-current="page"') == 1
    assert 'href="?q=a&amp;page=5" aria-current="page" aria-label="Page 5"' in html
