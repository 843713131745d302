"""The catalogues in `locale/`: `update` brings them up to date with the code, without it they are checked.

Checked: every sentence of the code is there, in French and English; none is fuzzy, missing or left over; placeholders are the
same on both sides; French has its non-breaking spaces; the compiled files are those of the sources.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import polib

from . import system

ROOT = Path(__file__).resolve().parents[1]
LOCALE = ROOT / "locale"
LANGUAGES = ["fr", "en"]
# Where sentences come from. Tests, tools and benchmarks speak to developers.
SOURCES = ["almia", "apps", "templates", "manage.py"]
OPTIONS = ["--no-wrap", "--add-location=file", "--extension=html,txt,py"]
PLACEHOLDER = re.compile(r"%\(\w+\)[a-z]|%[sd]|{\w*}")
# In French these signs stand off by a space that does not break.
BREAKING = re.compile(r"[^\s] [:;?!»]|« ")


def extract(folder: Path) -> None:
    """Run makemessages on the copy of the project in `folder`."""
    system.need("xgettext", "msgmerge", packages=["gettext"], purpose="Checking the translations")
    command = [sys.executable, "manage.py", "makemessages", *OPTIONS, *(part for code in LANGUAGES for part in ("-l", code))]
    done = subprocess.run(command, cwd=folder, env=_environment(folder), capture_output=True, text=True, check=False)
    if done.returncode:
        system.stop(f"makemessages failed: {done.stderr.strip() or done.stdout.strip()}")


def _environment(folder: Path) -> dict[str, str]:
    return {**os.environ, "DJANGO_SETTINGS_MODULE": "almia.settings.test", "PYTHONPATH": str(folder)}


def copy_into(folder: Path) -> None:
    """Copy what sentences come from, and the catalogues."""
    for name in SOURCES:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__", "migrations"))
        else:
            shutil.copy2(source, folder / name)
    for code in LANGUAGES:
        target = folder / "locale" / code / "LC_MESSAGES"
        target.mkdir(parents=True)
        if catalogue(code).exists():
            shutil.copy2(catalogue(code), target / "django.po")


def catalogue(code: str, folder: Path = LOCALE) -> Path:
    return folder / code / "LC_MESSAGES" / "django.po"


Key = tuple[str, str, str]


def entries_of(path: Path) -> dict[Key, polib.POEntry]:
    """Return what `path` holds and the code asks for, by context, sentence and plural."""
    return {
        (entry.msgctxt or "", entry.msgid, entry.msgid_plural or ""): entry
        for entry in polib.pofile(str(path))
        if not entry.obsolete
    }


def texts_of(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def problems_of(code: str, wanted: dict[Key, polib.POEntry]) -> Iterator[str]:
    path = catalogue(code)
    if not path.exists():
        yield f"{code}: there is no catalogue"
        return
    known = entries_of(path)
    for key in wanted.keys() - known.keys():
        yield f"{code}: not in the catalogue: {key[1]!r}"
    for key in known.keys() - wanted.keys():
        yield f"{code}: no longer in the code: {key[1]!r}"
    for key in known.keys() & wanted.keys():
        entry = known[key]
        if "fuzzy" in entry.flags:
            yield f"{code}: fuzzy: {key[1]!r}"
        for text in texts_of(entry):
            if not text.strip():
                yield f"{code}: not translated: {key[1]!r}"
                break
            allowed = {*PLACEHOLDER.findall(key[1]), *PLACEHOLDER.findall(key[2])}
            if not set(PLACEHOLDER.findall(text)) <= allowed or (not key[2] and set(PLACEHOLDER.findall(text)) != allowed):
                yield f"{code}: other placeholders: {key[1]!r}"
            if code == "fr" and BREAKING.search(text):
                yield f"{code}: a space that may break: {text!r}"
    if polib.pofile(str(path)).obsolete_entries():
        yield f"{code}: the catalogue keeps sentences that are gone (#~)"
    compiled = path.with_suffix(".mo")
    if not compiled.exists():
        yield f"{code}: not compiled"
    else:
        inside = {(entry.msgctxt or "", entry.msgid): texts_of(entry) for entry in polib.mofile(str(compiled))}
        expected = {(key[0], key[1]): texts_of(entry) for key, entry in known.items() if all(texts_of(entry))}
        if inside != expected:
            yield f"{code}: the compiled catalogue is not that of the source"


def check() -> int:
    with tempfile.TemporaryDirectory(prefix="almia-messages-") as name:
        folder = Path(name)
        copy_into(folder)
        extract(folder)
        found = [problem for code in LANGUAGES for problem in problems_of(code, entries_of(catalogue(code, folder / "locale")))]
    if found:
        print("\n".join(sorted(found)))
        print(f"{len(found)} problems; `python -m tools.translations update` brings the catalogues up to date.")
        return 1
    print("The translations are complete.")
    return 0


def update() -> int:
    """Bring the catalogues up to date with the code and compile them; what is new is left to be translated."""
    with tempfile.TemporaryDirectory(prefix="almia-messages-") as name:
        folder = Path(name)
        copy_into(folder)
        extract(folder)
        for code in LANGUAGES:
            fresh = polib.pofile(str(catalogue(code, folder / "locale")), wrapwidth=0)
            for entry in fresh.obsolete_entries():
                fresh.remove(entry)
            for entry in fresh:
                entry.occurrences.sort()
                if "fuzzy" in entry.flags:
                    # What gettext guesses from a sentence that looks alike is wrong more often than not.
                    entry.flags.remove("fuzzy")
                    entry.previous_msgctxt = entry.previous_msgid = entry.previous_msgid_plural = None
                    entry.msgstr, entry.msgstr_plural = "", dict.fromkeys(entry.msgstr_plural, "")
                if code == "en" and not any(texts_of(entry)):
                    # The sentences in the code are English already.
                    entry.msgstr = "" if entry.msgid_plural else entry.msgid
                    entry.msgstr_plural = {0: entry.msgid, 1: entry.msgid_plural} if entry.msgid_plural else {}
            catalogue(code).parent.mkdir(parents=True, exist_ok=True)
            # Without the day of the extraction, which would make every update look like a change.
            plural = "(n > 1)" if code == "fr" else "(n != 1)"
            fresh.header = "The sentences of Almia."
            fresh.metadata_is_fuzzy = False
            fresh.metadata = {
                "Project-Id-Version": "almia",
                "Language": code,
                "MIME-Version": "1.0",
                "Content-Type": "text/plain; charset=UTF-8",
                "Content-Transfer-Encoding": "8bit",
                "Plural-Forms": f"nplurals=2; plural={plural};",
            }
            fresh.save(str(catalogue(code)))
            fresh.save_as_mofile(str(catalogue(code).with_suffix(".mo")))
            print(f"{code}: {len(fresh.untranslated_entries())} to translate, of {len(fresh)}")
    return 0


if __name__ == "__main__":
    sys.exit(update() if sys.argv[1:] == ["update"] else check())
