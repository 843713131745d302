"""Every HTML response that a test receives is free of what the Content-Security-Policy forbids: the browser would ignore it."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

import pytest
from django.test.client import AsyncClient, Client

# Data that a script reads is not a script.
DATA_BLOCKS = {"application/json", "application/ld+json"}


class InlineCode(AssertionError):
    """A page contains a script, style or address that the policy forbids."""


class Inspector(HTMLParser):
    """Collects what must not be there."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        where = f"<{tag}> at line {self.getpos()[0]}"
        if tag == "script" and "src" not in attributes and attributes.get("type") not in DATA_BLOCKS:
            self.found.append(f"inline script: {where}")
        if tag == "style":
            self.found.append(f"inline style: {where}")
        for name, value in attributes.items():
            if name == "style":
                self.found.append(f"style attribute: {where}")
            elif name.startswith(("on", "hx-on")):
                self.found.append(f"handler {name}: {where}")
            elif name in {"href", "src", "action", "formaction"} and value.strip().lower().startswith("javascript:"):
                self.found.append(f"javascript: address: {where}")
            elif name in {"src", "srcset", "poster"} and value.strip().lower().startswith(("http:", "https:", "//")):
                self.found.append(f"foreign {name} {value}: {where}")


def inspect(html: str) -> list[str]:
    """Return what `html` contains that the policy forbids."""
    inspector = Inspector()
    inspector.feed(html)
    return inspector.found


def _check(response: Any) -> None:
    if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
        return
    found = inspect(response.content.decode(response.charset))
    if found:
        raise InlineCode(f"{response.request['PATH_INFO']}: " + "; ".join(found))


def install(patch: pytest.MonkeyPatch) -> None:
    request, asynchronous = Client.request, AsyncClient.request

    def strict(self: Client, **kwargs: Any) -> Any:
        response = request(self, **kwargs)
        _check(response)
        return response

    async def strict_asynchronous(self: AsyncClient, **kwargs: Any) -> Any:
        response = await asynchronous(self, **kwargs)
        response.request = {"PATH_INFO": kwargs.get("path", "")}
        _check(response)
        return response

    patch.setattr(Client, "request", strict)
    patch.setattr(AsyncClient, "request", strict_asynchronous)
