"""Files stay small, templates ask the database nothing, and no module has a catch-all name like 'utils'."""

from __future__ import annotations

import re

from tests.architecture.source import ROOT, files, name_of

LONGEST = 400
# Longer, and why.
LONG: dict[str, str] = {
    "static/css/layout.css": "the frame of every page; read from top to bottom",
    "static/css/pages/chat.css": "one component",
    "bench/upstream.py": "one process that stands for a provider, started as a single file",
}
THIRD_PARTY = ("static/vendor/", "tests/e2e/vendor/")
QUERIES = re.compile(r"\.(?:all|count|exists|filter|first|last|latest|earliest|values|order_by|get_queryset|objects|\w+_set)\b")
# Attributes of the same name on something that is not a queryset.
NOT_A_QUERY = {
    "forloop.first": "Django's loop",
    "forloop.last": "Django's loop",
    "paginator.count": "counted once, by the view",
    "page.count": "a lesson's page is no page of rows",
    "model.versions.all": "prefetched, in order, by gateway.queries",
    "version.aliases.all": "prefetched, in order, by gateway.queries",
}
TAG = re.compile(r"{[{%].*?[%}]}", re.DOTALL)
STRING = re.compile(r"\"[^\"]*\"|'[^']*'")


def ours() -> list[tuple[str, str]]:
    return [
        (name_of(path), path.read_text())
        for path in files(".py", ".html", ".js", ".css", ".txt")
        if not name_of(path).startswith(THIRD_PARTY) and "/migrations/" not in name_of(path) and path.suffix != ".txt"
    ]


def test_files_are_short_or_have_a_reason() -> None:
    long = {name for name, text in ours() if text.count("\n") > LONGEST}
    assert long - set(LONG) == set()
    assert set(LONG) - long == set(), "Short again: the reason can go."


def test_no_drawer_for_odds_and_ends() -> None:
    names = {part for path in files(".py") for part in path.relative_to(ROOT).with_suffix("").parts}
    assert names & {"utils", "util", "common", "helpers", "helper", "misc"} == set()


def test_templates_ask_the_database_nothing() -> None:
    wrong = []
    for path in files(".html"):
        for tag in TAG.findall(path.read_text()):
            code = STRING.sub("", tag)
            for match in QUERIES.finditer(code):
                word = re.search(r"[\w.]+$", code[: match.end()])
                if word is None or not word[0].endswith(tuple(NOT_A_QUERY)):
                    wrong.append(f"{name_of(path)}: {tag}")
    assert wrong == []


def test_nothing_is_left_undone() -> None:
    signs = re.compile(r"(?:#|//|/\*|<!--)\s*(?:TODO|FIXME|XXX|HACK)\b|\b(?:TODO|FIXME)[:(]")
    wrong = [name for name, text in ours() if signs.search(text) and name != "tests/architecture/test_files.py"]
    assert wrong == []


def test_whoever_hears_keys_leaves_an_input_method_its_own() -> None:
    # Enter takes a suggestion, Escape drops it: in Safari only keys.js can tell.
    heard = {name for name, text in ours() if name.startswith("static/js/") and re.search(r"\"key(?:down|up|press)\"", text)}
    asks = {name for name, text in ours() if re.search(r"\bisComposing\(event\)", text)}
    assert len(heard) >= 5
    assert heard - asks == set()
