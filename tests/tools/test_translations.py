"""Each sentence has one place, and what is wrong with a catalogue is named."""

from __future__ import annotations

import polib
import pytest

from tools import contract
from tools.translations import place_of, problems_of, wanted_of

APPS = ["core", "accounts", "chat", "portal"]


def entry(sentence: str, *files: str, french: str = "", plural: str = "", flags: tuple[str, ...] = ()) -> polib.POEntry:
    texts = {"msgid_plural": plural, "msgstr_plural": {0: french, 1: french}} if plural else {"msgstr": french}
    return polib.POEntry(msgid=sentence, occurrences=[(file, "") for file in files], flags=list(flags), **texts)


@pytest.mark.parametrize(
    ("files", "place"),
    [
        (["apps/chat/views.py"], "chat"),
        (["templates/chat/a.html"], "chat"),
        (["apps/portal/views.py", "apps/chat/views.py", "templates/chat/a.html"], "chat"),
        (["templates/mfa/index.html"], ""),
        (["templates/base.html", "apps/core/dates.py"], ""),
        (["almia/settings/base.py"], ""),
        (["manage.py"], ""),
    ],
)
def test_a_sentence_lives_with_the_lowest_app_that_says_it(files: list[str], place: str) -> None:
    assert place_of(files, APPS) == place


def test_the_layers_are_those_of_the_contract() -> None:
    apps = contract.apps()
    assert apps[0] == "core"
    assert apps.index("accounts") < apps.index("gateway") < apps.index("chat") < apps.index("portal")


def problems(known: dict[str, list[polib.POEntry]], code: str = "fr") -> list[str]:
    wanted = wanted_of([entry("Key", "apps/core/a.py"), entry("%(count)s letters", "apps/chat/a.py")], APPS)
    return sorted(
        problems_of(code, wanted, {place: {(e.msgctxt or "", e.msgid, ""): e for e in found} for place, found in known.items()})
    )


COUNT = entry("%(count)s letters", french="%(count)s lettres")


def test_nothing_is_wrong_with_a_complete_catalogue() -> None:
    assert problems({"core": [entry("Key", french="Clé")], "chat": [COUNT]}) == []


@pytest.mark.parametrize(
    ("known", "problem"),
    [
        ({"core": [], "chat": [COUNT]}, "fr, core: not in the catalogue: 'Key'"),
        ({"core": [entry("Key")], "chat": [COUNT]}, "fr, core: not translated: 'Key'"),
        ({"core": [entry("Key", french="Clé", flags=("fuzzy",))], "chat": [COUNT]}, "fr, core: fuzzy: 'Key'"),
        ({"": [entry("Key", french="Clé")], "chat": [COUNT]}, "fr, locale/: belongs to core: 'Key'"),
        (
            {"core": [entry("Key", french="Clé"), entry("Lock", french="Serrure")], "chat": [COUNT]},
            "no longer in the code: 'Lock'",
        ),
        ({"core": [entry("Key", french="Clé !")], "chat": [COUNT]}, "a space that may break"),
        ({"core": [entry("Key", french="Clé")], "chat": [entry(COUNT.msgid, french="%(number)s lettres")]}, "other placeholders"),
        ({"core": [entry("Key", french="Clé")], "chat": [entry("Key", french="Clef"), COUNT]}, "translated differently: 'Key'"),
    ],
)
def test_what_is_wrong_is_named(known: dict[str, list[polib.POEntry]], problem: str) -> None:
    assert any(problem in line for line in problems(known))


def test_english_holds_only_what_says_something_else_than_the_code() -> None:
    assert problems({"core": [entry("Key", french="The key")]}, "en") == []
    assert problems({"core": [entry("Key", french="Key")]}, "en") == ["en, core: says what the code says: 'Key'"]
