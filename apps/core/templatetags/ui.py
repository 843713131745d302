"""Template helpers every page may use (a builtin library: no `{% load %}`)."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import template
from django.http import QueryDict
from django.utils.safestring import SafeString

from apps.core import dates
from apps.core.markdown import render_article

register = template.Library()


@register.filter
def article(text: str) -> SafeString:
    """Render shipped Markdown (lessons, the charter) to safe HTML."""
    return render_article(text)


@register.filter
def day(value: date | None, form: str = "DATE_FORMAT") -> str:
    """Return a day in words, nothing for None: `{{ award.expires_at|day }}`."""
    return dates.day(value, form) if value else ""


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
    """Say where a page below the second level stands: `{% breadcrumb _("People") people_url person %}`: label and address of each
    step on the way, then the page's own label."""
    way = [{"label": label, "url": url} for label, url in zip(steps[:-1:2], steps[1:-1:2], strict=True)]
    return {"items": [*way, {"label": steps[-1]}]}
