"""A new app that has one of everything, runs, and passes every check: docs/new-app.md.

    python -m tools.new_app ideas                     apps/ideas, its model Idea
    python -m tools.new_app categories --one category
    python -m tools.new_app news --one news_item

The files of `skeleton/` are those of an app called `widgets`; its words are replaced by those of the new app.
"""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

SKELETON = Path(__file__).resolve().parent / "skeleton"
FRENCH = "french.po-tpl"
LONGEST = 20
TAKEN = {"test", "tests", "apps", "almia", "tools", "static", "templates", "staff", "account", "accounts", "admin"}


class Refused(Exception):
    """There will be no such app; nothing was written. `str()` says why."""


@dataclass(frozen=True, slots=True)
class Names:
    """The app's name (`field_notes`), and the singular (`field_note`)."""

    app: str
    one: str

    def replaced(self, text: str) -> str:
        """Return a text of the skeleton in the words of this app."""
        words = {
            "WIDGETS": self.app.upper(),
            "Widgets": _camel(self.app),
            "widgets": self.app,
            "Widget": _camel(self.one),
            "widget": self.one,
        }
        text = re.sub("|".join(words), lambda found: words[found[0]], text)
        if self.one[0] in "aeiou":
            text = re.sub(rf"\b([Aa]) (?={self.one}\b|{_camel(self.one)}\b)", r"\1n ", text)
        return text

    def said(self, text: str) -> str:
        """Return a text of the skeleton for people to read: separate words, no capitals inside."""
        spoken = Names(self.app.replace("_", " "), self.one.replace("_", " "))
        return spoken.replaced(text)


def _camel(name: str) -> str:
    """Return `FieldNote` for field_note, and `Field note` for separate words."""
    return name[0].upper() + re.sub(r"_(.)", lambda found: found[1].upper(), name[1:])


def names_of(app: str, one: str = "") -> Names:
    """Check the name of the new app. Raises Refused."""
    one = one or app.removesuffix("s")
    for name in (app, one):
        if not re.fullmatch(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", name) or keyword.iskeyword(name):
            raise Refused(f"“{name}” is no name of a module: small letters, digits and underscores, a letter first.")
    if one == app:
        raise Refused(f"What is one of “{app}” called? Say it with --one, for example --one {app}_item.")
    if len(app) > LONGEST:
        raise Refused(f"“{app}” is too long: its indexes would have names that no database takes. At most {LONGEST} letters.")
    if app in TAKEN or app in sys.stdlib_module_names:
        raise Refused(f"“{app}” means something else already.")
    return Names(app, one)


def _entries(names: Names) -> list[tuple[str, str, str]]:
    """Return where the app is named outside its own files: the file, a place in it, and what replaces that place."""
    app = names.app
    frames = f"""
## {names.said("Widgets")}: capability `{app}.use`

| From the client | Answer, then |
|---|---|
| `{app}.propose {{{names.one}}}` | `{app}.proposed {{{names.one}, state}}` |

The person's tabs are told: `{app}.changed {{{names.one}, state}}`.
"""
    return [
        ("almia/settings/base.py", '    "apps.portal",\n', f'    "apps.{app}",\n    "apps.portal",\n'),
        ("almia/urls.py", '    path("api/v1/"', f'    path("", include("apps.{app}.urls")),\n    path("api/v1/"'),
        ("pyproject.toml", ' | apps.chat",', f' | apps.chat | apps.{app}",'),
        ("pyproject.toml", '"apps.portal", "apps.api"', f'"apps.{app}", "apps.portal", "apps.api"'),
        ("docs/architecture.md", "[chat](apps/chat.md) ·", f"[chat](apps/chat.md) · [{app}](apps/{app}.md) ·"),
        ("docs/websocket.md", "", frames),
        ("tests/api/test_doors.py", "}\nOTHERS = ", f'    "{app}": ([], "{app}.use", "{app}"),\n}}\nOTHERS = '),
        ("tests/e2e/test_every_page.py", '    POST_ONLY: """\n', f'    POST_ONLY: """\n        {app}:accept {app}:propose\n'),
        (
            "tests/e2e/test_every_page.py",
            '    "is for programs, or a file": """\n',
            f'    "is for programs, or a file": """\n        api:{app}\n',
        ),
    ]


def write(root: Path, names: Names) -> list[Path]:
    """Write the app into the checkout at `root`, and its name where others need it; return the new files.

    Raises Refused before anything is written: the app exists, or a file that must name it is not as expected.
    """
    if (root / "apps" / names.app).exists():
        raise Refused(f"There is an app called “{names.app}” already.")
    texts: dict[str, str] = {}
    for name, anchor, entry in _entries(names):
        text = texts.get(name) or (root / name).read_text()
        if anchor and text.count(anchor) != 1:
            raise Refused(f"{name} has not one place for the app: “{anchor.strip()}”.")
        texts[name] = text.replace(anchor, entry) if anchor else text + entry
    made = []
    for source in sorted(SKELETON.rglob("*-tpl")):
        name = str(source.relative_to(SKELETON))
        if name == FRENCH:
            continue
        target = root / names.replaced(name.removesuffix("-tpl"))
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_text(_worded(source.read_text(), names))
        made.append(target)
    for name, text in texts.items():
        (root / name).write_text(text)
    return made


PROSE = re.compile(r'"""(?:.|\n)*?"""|# [^\n]*')
SENTENCE = re.compile(r'(?<![\w.])_\("[^"]*"\)|ngettext\("[^"]*", "[^"]*"|(?<=widget\.title %})[^{]*|{% translate "[^"]*"')


def _worded(text: str, names: Names) -> str:
    """Return a file in the words of the app: sentences for people with separate words."""
    text = PROSE.sub(lambda prose: re.sub(r"\bwidgets?\b(?![._])", lambda word: names.said(word[0]), prose[0]), text)
    pieces, at = [], 0
    for found in SENTENCE.finditer(text):
        pieces += [names.replaced(text[at : found.start()]), names.said(found[0])]
        at = found.end()
    return "".join([*pieces, names.replaced(text[at:])])


def finish(root: Path, names: Names) -> None:
    """Sort imports, write the forms, the migration, the French sentences and the drawing. Raises CalledProcessError."""
    french = root / "var" / f"{names.app}.po"
    french.parent.mkdir(exist_ok=True)
    french.write_text(names.said((SKELETON / FRENCH).read_text()))
    python = sys.executable
    try:
        for command in (
            [python, "-m", "ruff", "check", "--quiet", "--select", "I", "--fix", f"apps/{names.app}", "tests"],
            [python, "-m", "ruff", "format", "--quiet", f"apps/{names.app}", f"tests/{names.app}", "tests/factories"],
            [str(Path(python).with_name("djangofmt")), "--quiet", "templates"],
            [python, "-m", "apps.core.catalogues"],
            [python, "manage.py", "makemigrations", names.app],
            [python, "-m", "tools.translations", "take", str(french)],
            [python, "-m", "apps.core.catalogues"],
            [python, "-m", "tools.drawing"],
        ):
            subprocess.run(command, cwd=root, check=True, stdout=subprocess.DEVNULL)
    finally:
        french.unlink()
