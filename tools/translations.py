"""The catalogues: `locale/` for what belongs to no app, `apps/<app>/locale/` for each app.

    python -m tools.translations                  check them
    python -m tools.translations update           bring them up to date with the code
    python -m tools.translations take FILE.po...  update, with the French of these files for what has none (--replace: for all)

A sentence is stored once: with the project if anything outside the apps uses it, else with the lowest app that does. The
sentences in the code are English, so an English catalogue holds only those that are reworded: the ones of libraries.

Checked: every sentence of the code is there, in French, in its place; none is fuzzy, left over or duplicated; placeholders are
the same on both sides; French has its non-breaking spaces.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import polib

from apps.core import catalogues

from . import contract, system

ROOT = contract.ROOT
# Where sentences come from. Tests, tools and benchmarks speak to developers.
SOURCES = ["almia", "apps", "templates", "manage.py"]
OPTIONS = ["--no-wrap", "--add-location=file", "--extension=html,txt,py"]
PLURALS = {"fr": "(n > 1)", "en": "(n != 1)"}
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|{\w*}")
# In French a non-breaking space comes before these signs.
BREAKING = re.compile(r"[^\s] [:;?!»]|« ")

Key = tuple[str, str, str]
Entries = dict[Key, polib.POEntry]
# By place: "" is the project, else an app's name.
Catalogues = dict[str, Entries]


def extract() -> list[polib.POEntry]:
    """Return every sentence of the code, untranslated, as makemessages finds it in a copy of the project."""
    system.need("xgettext", purpose="Reading the sentences of the code")
    with tempfile.TemporaryDirectory(prefix="almia-messages-") as name:
        folder = Path(name)
        _copy_into(folder)
        command = [sys.executable, "manage.py", "makemessages", "-l", "fr", *OPTIONS]
        environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "almia.settings.test", "PYTHONPATH": str(folder)}
        done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
        if done.returncode:
            system.stop(f"makemessages failed: {done.stderr.strip() or done.stdout.strip()}")
        return list(polib.pofile(str(catalogue("", "fr", folder))))


def _copy_into(folder: Path) -> None:
    """Copy what sentences come from, without catalogues: everything found then lands in one."""
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "migrations", "locale"))
        else:
            shutil.copy2(source, folder / name)
    (folder / "locale").mkdir()


def catalogue(place: str, code: str, root: Path = ROOT) -> Path:
    """Return the path of the catalogue of `place` in the language `code`."""
    folder = root / "apps" / place / "locale" if place else root / "locale"
    return folder / code / "LC_MESSAGES" / "django.po"


def place_of(files: Iterable[str], apps: list[str]) -> str:
    """Return the place of a sentence used by `files`; `apps` goes from the lowest up."""
    users = set()
    for file in files:
        parts = file.split("/")
        users.add(parts[1] if parts[0] in ("apps", "templates") and len(parts) > 2 and parts[1] in apps else "")
    return "" if "" in users else min(users, key=apps.index)


def key_of(entry: polib.POEntry) -> Key:
    return entry.msgctxt or "", entry.msgid, entry.msgid_plural or ""


def texts_of(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def says_more(entry: polib.POEntry) -> bool:
    """Return whether an English entry differs from the code."""
    return texts_of(entry) != ([entry.msgid, entry.msgid_plural] if entry.msgid_plural else [entry.msgid])


def wanted_of(entries: Iterable[polib.POEntry], apps: list[str]) -> Catalogues:
    """Return the sentences of the code in their places."""
    wanted: Catalogues = {place: {} for place in ("", *apps)}
    for entry in entries:
        wanted[place_of((file for file, _ in entry.occurrences), apps)][key_of(entry)] = entry
    return wanted


def known_of(code: str, places: Iterable[str], root: Path = ROOT) -> Catalogues:
    """Return what the catalogues hold now."""
    return {
        place: {key_of(entry): entry for entry in polib.pofile(str(path))}
        for place in places
        if (path := catalogue(place, code, root)).exists()
    }


def translations_of(known: Catalogues) -> Entries:
    """Return what is translated, whichever catalogue it is in."""
    return {
        key: entry for entries in known.values() for key, entry in entries.items() if all(texts_of(entry)) and not entry.fuzzy
    }


def problems_of(code: str, wanted: Catalogues, known: Catalogues) -> Iterator[str]:
    """Yield what is wrong with the catalogues of the language `code`, one sentence each."""
    places = {key: place for place, entries in wanted.items() for key in entries}
    found: dict[Key, str] = {}
    for place, entries in known.items():
        where = f"{code}, {place or 'locale/'}"
        for key, entry in entries.items():
            if key in found:
                same = texts_of(known[found[key]][key]) == texts_of(entry)
                yield f"{where}: also in {found[key] or 'locale/'}, {'' if same else 'and translated differently'}: {key[1]!r}"
            found[key] = place
            if entry.obsolete or key not in places:
                yield f"{where}: no longer in the code: {key[1]!r}"
            elif places[key] != place:
                yield f"{where}: belongs to {places[key] or 'locale/'}: {key[1]!r}"
            yield from (f"{where}: {problem}: {key[1]!r}" for problem in _problems_of_entry(code, entry))
    if code != "en":
        yield from (
            f"{code}, {places[key] or 'locale/'}: not in the catalogue: {key[1]!r}" for key in places.keys() - found.keys()
        )


def _problems_of_entry(code: str, entry: polib.POEntry) -> Iterator[str]:
    if entry.fuzzy:
        yield "fuzzy"
    if not all(text.strip() for text in texts_of(entry)):
        yield "not translated"
        return
    if code == "en" and not says_more(entry):
        yield "says what the code says"
    allowed = {*PLACEHOLDER.findall(entry.msgid), *PLACEHOLDER.findall(entry.msgid_plural or "")}
    for text in texts_of(entry):
        placeholders = set(PLACEHOLDER.findall(text))
        if not placeholders <= allowed or (not entry.msgid_plural and placeholders != allowed):
            yield "other placeholders"
        if code == "fr" and BREAKING.search(text):
            yield f"a space that may break in {text!r}"


def check() -> int:
    """Print what is wrong with the catalogues; return 1 if anything is."""
    wanted = wanted_of(extract(), contract.apps())
    found = sorted(problem for code in PLURALS for problem in problems_of(code, wanted, known_of(code, wanted)))
    if found:
        print("\n".join(found))
        print(f"{len(found)} problems; `python -m tools.translations update` brings the catalogues up to date.")
        return 1
    print("The translations are complete.")
    return 0


def update(taken: Entries, *, replace: bool = False, root: Path = ROOT) -> int:
    """Bring the catalogues up to date with the code, and compile them.

    Sentences without French get that of `taken`; with `replace`, all of them do. What is left is printed.
    """
    wanted = wanted_of(extract(), contract.apps())
    french, english = (translations_of(known_of(code, wanted, root)) for code in ("fr", "en"))
    for key in taken.keys() & french.keys():
        if texts_of(taken[key]) != texts_of(french[key]):
            print(f"{'replaced' if replace else 'kept, --replace takes the other'}: {key[1]!r}")
    french = {**french, **taken} if replace else {**taken, **french}
    for key in taken.keys() - {key for entries in wanted.values() for key in entries}:
        print(f"not in the code: {key[1]!r}")
    left = 0
    for place, entries in wanted.items():
        left += _write(catalogue(place, "fr", root), "fr", entries, french)
        reworded = {key: entry for key, entry in entries.items() if key in english and says_more(english[key])}
        _write(catalogue(place, "en", root), "en", reworded, english)
    catalogues.compile_behind(catalogues.folders(root))
    print(f"{left} to translate into French, of {sum(map(len, wanted.values()))}")
    return 0


def _write(path: Path, code: str, entries: Entries, translations: Entries) -> int:
    """Write the catalogue, or remove it if nothing is left for it; return how many sentences have no translation."""
    if not entries:
        path.unlink(missing_ok=True)
        return 0
    file = polib.POFile(wrapwidth=0)
    file.header = "The sentences of Almia."
    # Without the extraction date, which would make every update look like a change.
    file.metadata = {
        "Project-Id-Version": "almia",
        "Language": code,
        "MIME-Version": "1.0",
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Plural-Forms": f"nplurals=2; plural={PLURALS[code]};",
    }
    left = []
    # Sorted by sentence: the place of each is the same in every branch, and two branches seldom touch the same lines.
    for key in sorted(entries, key=lambda key: (key[1].casefold(), key)):
        entry, translation = entries[key], translations.get(key)
        if translation is None:
            left.append(key)
        file.append(
            polib.POEntry(
                msgctxt=entry.msgctxt,
                msgid=entry.msgid,
                msgid_plural=entry.msgid_plural,
                msgstr=translation.msgstr if translation else "",
                msgstr_plural=translation.msgstr_plural if translation else dict.fromkeys(range(2), "") if key[2] else {},
                occurrences=sorted(set(entry.occurrences)),
                comment=entry.comment,
                tcomment=translation.tcomment if translation else "",
                flags=[flag for flag in entry.flags if flag != "fuzzy"],
            )
        )
    if code == "fr":
        for key in left:
            print(f"{path.relative_to(ROOT) if path.is_relative_to(ROOT) else path}: not translated: {key[1]!r}")
    text = str(file)
    if not path.exists() or path.read_text(encoding="utf-8") != text:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return len(left)


def take(files: list[Path], *, replace: bool) -> int:
    """Update with the French of `files`."""
    taken = {key_of(entry): entry for file in files for entry in polib.pofile(str(file)) if all(texts_of(entry))}
    return update(taken, replace=replace)


def main(arguments: list[str]) -> int:
    match [argument for argument in arguments if argument != "--replace"]:
        case []:
            return check()
        case ["update"]:
            return update({})
        case ["take", _, *_] as command:
            return take([Path(name) for name in command[1:]], replace="--replace" in arguments)
        case _:
            system.stop((__doc__ or "").split("\n\n")[1])
            return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
