"""Template helpers every page may use (a builtin library: no `{% load %}`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django import template
from django.core.paginator import Page
from django.http import QueryDict
from django.template.defaultfilters import floatformat
from django.templatetags.static import static
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString

from apps.core import dates, icons, navigation
from apps.core.markdown import render_article

register = template.Library()


@register.filter
def article(text: str) -> SafeString:
    """Render shipped Markdown (lessons, the charter) to safe HTML."""
    return render_article(text)


@register.simple_tag
def icon(name: str, classes: str = "", *, label: str = "") -> SafeString | str:
    """Draw an icon of the sprite: `{% icon "check" %}`, `{% icon item.icon "icon--small" %}`.

    `classes`: further ones. `label`: what it says if there are no words beside it; without one it is decoration. An icon that
    does not exist draws nothing and logs an error.
    """
    if not icons.is_known(name):
        return ""
    return format_html(
        '<svg class="icon{}" {} focusable="false"><use href="{}#{}"></use></svg>',
        f" {classes}" if classes else "",
        format_html('role="img" aria-label="{}"', label) if label else SafeString('aria-hidden="true"'),
        static(icons.SPRITE),
        name,
    )


@register.simple_tag
def styles(*names: str) -> SafeString:
    """Link the sheets a page needs beyond almia.css, from static/css/pages: `{% styles "chat" "prose" %}` in its block `styles`.

    A part that htmx swaps in brings no sheet along: the page it goes into links the sheets that part uses.
    """
    return format_html_join("\n", '<link rel="stylesheet" href="{}">', ((static(f"css/pages/{name}.css"),) for name in names))


@register.filter
def day(value: date | None, form: str = "DATE_FORMAT") -> str:
    """Return a day in words, nothing for None: `{{ award.expires_at|day }}`."""
    return dates.day(value, form) if value else ""


@dataclass(frozen=True, slots=True)
class PageLink:
    """A page in a list's row of page links; `number` is None where some are left out."""

    number: int | None
    is_current: bool


@register.filter
def page_links(page: Page[Any]) -> list[PageLink]:
    """Return the links to the pages of a list: the first, the last, and those around `page`."""
    numbers = page.paginator.get_elided_page_range(page.number, on_each_side=1, on_ends=1)
    return [PageLink(number if isinstance(number, int) else None, number == page.number) for number in numbers]


@register.filter
def amount(value: Decimal) -> str:
    """Return an amount of money with the decimals it needs: `{{ version.price_in|amount }}`."""
    return floatformat(value.normalize(), "-2g")


@register.simple_tag(takes_context=True)
def query(context: dict[str, Any], **changes: Any) -> str:
    """Return the page's query string with `changes` applied (None removes a key), for links that keep filters."""
    request = context.get("request")
    parameters = request.GET.copy() if request else QueryDict(mutable=True)
    for key, value in changes.items():
        if value is None:
            parameters.pop(key, None)
        else:
            parameters[key] = value
    return f"?{parameters.urlencode()}" if parameters else "?"


@register.inclusion_tag("components/breadcrumb.html")
def breadcrumb(*steps: Any) -> dict[str, Any]:
    """Say where a page below the second level belongs: `{% breadcrumb _("People") people_url person %}`: label and address of
    each step on the way, then the page's own label."""
    way = [{"label": label, "url": url} for label, url in zip(steps[:-1:2], steps[1:-1:2], strict=True)]
    return {"items": [*way, {"label": steps[-1]}]}


@register.inclusion_tag("components/tabs.html", takes_context=True)
def tabs(context: dict[str, Any], name: str, *args: Any) -> dict[str, Any]:
    """Draw the tabs declared as `name`, the current page marked, those the person may open: nothing if that leaves one page.

    `args`: the arguments that the addresses of all of them take: `{% tabs "course" course.code %}`.
    """
    group, person = navigation.tabs(name), context["request"].user
    shown = [tab for tab in group.tabs if tab.shown_to is None or tab.shown_to(person)]
    if len(shown) == 1:
        return {"items": []}
    items = [
        {
            "label": tab.label,
            "url": reverse(tab.url_name, args=args),
            "active": tab.url_name == context["request"].resolver_match.view_name,
            "waiting": tab.waiting() if tab.waiting else 0,
        }
        for tab in shown
    ]
    return {"label": group.label, "items": items}
