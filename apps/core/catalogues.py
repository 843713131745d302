"""The compiled catalogues: the `.mo` files that Django reads, made from the `.po` files beside them and never kept in git.

`python -m apps.core.catalogues` compiles what is out of date. It needs no settings and no system program.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def folders(root: Path = ROOT) -> list[Path]:
    """Return the folders with catalogues: what belongs to no app first, then each app's."""
    return [root / "locale", *sorted(root.glob("apps/*/locale"))]


def behind(places: Iterable[Path]) -> list[Path]:
    """Return the `.po` files in `places` that are not compiled, or have changed since."""
    return [source for source in _files(places, "po") if _is_behind(source, source.with_suffix(".mo"))]


def compile_behind(places: Iterable[Path]) -> list[Path]:
    """Compile what is out of date in `places`, remove what no longer has a source, and return what was compiled.

    Several processes may do this at once. Raises OSError if files cannot be written.
    """
    places = list(places)
    for compiled in _files(places, "mo"):
        if not compiled.with_suffix(".po").exists():
            compiled.unlink(missing_ok=True)
    sources = behind(places)
    for source in sources:
        _compile(source)
    return sources


def _files(places: Iterable[Path], kind: str) -> list[Path]:
    return sorted(path for place in places for path in place.glob(f"*/LC_MESSAGES/*.{kind}"))


def _is_behind(source: Path, compiled: Path) -> bool:
    try:
        return compiled.stat().st_mtime_ns < source.stat().st_mtime_ns
    except FileNotFoundError:
        return True


def _compile(source: Path) -> None:
    import polib  # imported here: most starts find nothing to compile

    draft = source.with_name(f".{source.stem}.{os.getpid()}")
    try:
        polib.pofile(str(source)).save_as_mofile(str(draft))
        draft.replace(source.with_suffix(".mo"))
    finally:
        draft.unlink(missing_ok=True)


def main() -> int:
    """Compile what is out of date in this project."""
    try:
        compile_behind(folders())
    except OSError as error:
        sys.stderr.write(f"almia: the catalogues cannot be compiled: {error.filename}: {error.strerror}.\n")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
