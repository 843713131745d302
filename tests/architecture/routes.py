"""Every address of Almia, with sample arguments."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from django.urls.resolvers import RoutePattern

# What stands in for an argument. Nothing in the database has these values.
SAMPLES = {"uuid": str(uuid.UUID(int=7)), "slug": "x", "int": "1", "str": "x", "path": "x"}
ARGUMENT = re.compile(r"<(?:(\w+):)?\w+>")


@dataclass(frozen=True)
class Route:
    """`name` with its namespaces (empty for a pattern without one), `path` with sample arguments, `view` as Django calls it."""

    name: str
    path: str
    view: Callable[..., Any]

    @property
    def module(self) -> str:
        view = getattr(self.view, "view_class", None) or getattr(self.view, "cls", None) or self.view
        return str(view.__module__)

    def __str__(self) -> str:
        return self.name or self.path


def _sample(pattern: Any) -> str:
    if isinstance(pattern, RoutePattern):
        return ARGUMENT.sub(lambda match: SAMPLES[match[1] or "str"], str(pattern))
    # allauth's and the API's regular expressions: a group is a key or a code, whatever it looks like.
    text = re.sub(r"\(\?P<\w+>[^)]*\)", "x", str(pattern))
    return re.sub(r"[\^$]|\.\*|\\", "", text)


def routes() -> list[Route]:
    """Return every existing route."""

    def walk(resolver: URLResolver, prefix: str, namespace: str) -> Iterator[Route]:
        for part in resolver.url_patterns:
            path = prefix + _sample(part.pattern)
            if isinstance(part, URLResolver):
                yield from walk(part, path, f"{namespace}{part.namespace}:" if part.namespace else namespace)
            elif isinstance(part, URLPattern):
                yield Route(f"{namespace}{part.name}" if part.name else "", f"/{path}", part.callback)

    return list(walk(get_resolver(), "", ""))
