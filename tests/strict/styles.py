"""Every class of a page is styled by a sheet that the page links. In production it would just look plain."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.test.client import AsyncClient, Client

CLASS = re.compile(r"\.(-?[_a-zA-Z][\w-]*)")
IMPORT = re.compile(r"@import url\(\"([^\"]+)\"\)")
NOT_SELECTORS = re.compile(r"/\*.*?\*/|@import[^;]*;|url\([^)]*\)|\{[^{}]*\}", re.DOTALL)
COMBINED = re.compile(r"\S[\s>+~]+\S")
IN_BRACKETS = re.compile(r"\([^()]*\)")
# Names that only say what something is: the plain kind of several, or the whole whose parts are styled.
HOOKS = {
    "course-card--todo",
    "course-card__body",
    "field--invalid",
    "home-header",
    "lesson",
    "locked",
    "message--answer",
    "module__todo",
    "notice--info",
    "path__step--todo",
    "question",
    "result--missed",
    "result__text",
    "toast--info",
}


class UnstyledClass(AssertionError):
    """A page has a class that no sheet it links has a rule for."""


class Reader(HTMLParser):
    """Collects the classes of a page outside `<template>`, and the sheets it links."""

    def __init__(self) -> None:
        super().__init__()
        self.classes: set[str] = set()
        self.sheets: list[str] = []
        self._templates = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        if tag == "template":
            self._templates += 1
        if tag == "link" and attributes.get("rel") == "stylesheet":
            self.sheets.append(attributes["href"].removeprefix("/static/"))
        if not self._templates:
            self.classes.update(attributes.get("class", "").split())

    def handle_endtag(self, tag: str) -> None:
        if tag == "template":
            self._templates -= 1


@dataclass(frozen=True)
class Sheet:
    """The classes of a sheet: those that it styles by themselves, and those that it only styles inside or beside others."""

    alone: frozenset[str]
    among: frozenset[str]


@cache
def read(name: str) -> Sheet:
    """Return what the sheet `name` and what it imports have rules for."""
    path = finders.find(name)
    assert path, f"{name} is linked and does not exist"
    source = Path(path).read_text()
    rules = NOT_SELECTORS.sub(";", source)
    selectors = re.split(r"[,{};]", IN_BRACKETS.sub(" ", rules))
    alone = {found for text in selectors if not COMBINED.search(text) for found in CLASS.findall(text)}
    among = set(CLASS.findall(rules))
    for inner in IMPORT.findall(source):
        sheet = read(str(Path(name).parent / inner))
        alone |= sheet.alone
        among |= sheet.among
    return Sheet(frozenset(alone), frozenset(among))


@cache
def styled_alone() -> frozenset[str]:
    """Return the classes that some sheet styles by themselves."""
    names = ["css/almia.css", *(f"css/pages/{path.name}" for path in (settings.BASE_DIR / "static/css/pages").glob("*.css"))]
    return frozenset().union(*(read(name).alone for name in names))


def unstyled(html: str) -> set[str]:
    """Return the classes of the page `html` that no sheet it links has a rule for."""
    reader = Reader()
    reader.feed(html)
    sheets = [read(name) for name in reader.sheets]
    alone = set(HOOKS).union(*(sheet.alone for sheet in sheets))
    among: set[str] = set().union(*(sheet.among for sheet in sheets))
    return reader.classes - alone - (among - styled_alone())


def _check(response: Any) -> None:
    if response.streaming or not response.get("Content-Type", "").startswith("text/html"):
        return
    html = response.content.decode(response.charset)
    if "<html" not in html:
        return  # a part of a page: the whole page links the sheets
    if found := unstyled(html):
        raise UnstyledClass(f"{response.request['PATH_INFO']}: {sorted(found)}")


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
