from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from .lessons import LANGUAGES, split_front_matter
from .markdown import check_markdown
from .problems import Problems
from .reading import MAX_TITLE, Source, read_text

_NAME = re.compile(r"(?P<version>\d+)\.(?P<language>fr|en)\.md")


@dataclass(frozen=True, slots=True)
class CharterContent:
    """One version of the charter."""

    version: int
    effective_on: date
    titles: dict[str, str]
    bodies: dict[str, str]
    path: Path


def read_charters(folder: Path, problems: Problems) -> list[CharterContent]:
    """Return the charter's versions in `folder`, each in both languages (`<version>.<language>.md`)."""
    if not folder.is_dir():
        problems.add(folder, 1, "there is no such folder")
        return []
    versions: dict[int, dict[str, Path]] = {}
    for path in sorted(folder.iterdir()):
        if path.name.startswith("."):
            continue
        name = _NAME.fullmatch(path.name)
        if name is None:
            problems.add(path, 1, "a charter's file is called <version>.fr.md or <version>.en.md")
            continue
        versions.setdefault(int(name["version"]), {})[name["language"]] = path
    found = (_read_charter(version, files, problems) for version, files in sorted(versions.items()))
    return [charter for charter in found if charter is not None]


def _read_charter(version: int, files: dict[str, Path], problems: Problems) -> CharterContent | None:
    titles, bodies, days = {}, {}, {}
    for language in LANGUAGES:
        if language not in files:
            other = next(iter(files.values()))
            problems.add(other, 1, f"charter {version} is missing in {'French' if language == 'fr' else 'English'}")
            continue
        path = files[language]
        text = read_text(path, problems)
        parts = split_front_matter(text, path, problems) if text is not None else None
        source = Source(path, problems, offset=1)
        entry = source.compose(parts[0]) if parts is not None else None
        if parts is None or entry is None:
            continue
        if entry.integer("version", low=1, high=10_000) != version:
            source.complain(entry.find("version"), f"the version must be {version}, as in the file's name")
        titles[language] = entry.shown("title", language=language, longest=MAX_TITLE)
        day = entry.take("effective_on")
        days[language] = source.day(day) if day is not None else date.min
        entry.end()
        bodies[language] = parts[1].strip("\n") + "\n"
        check_markdown(parts[1], language=language, path=path, first_line=parts[2], problems=problems)
    if len(bodies) < len(LANGUAGES):
        return None
    if days["fr"] != days["en"]:
        problems.add(files["en"], 1, f"effective_on differs from {files['fr'].name}")
    return CharterContent(version, days["fr"], titles, bodies, files["fr"])
