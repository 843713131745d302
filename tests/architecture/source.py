"""The project's own source files."""

from __future__ import annotations

import ast
import subprocess
from functools import cache
from pathlib import Path

from django.conf import settings

ROOT: Path = settings.BASE_DIR


@cache
def files(*suffixes: str) -> list[Path]:
    """Return the project's files with these suffixes: what version control tracks or would track, else what is in the folder."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if listed.returncode == 0:
        names = [ROOT / name for name in listed.stdout.splitlines()]
    else:  # a copy without its history
        names = [
            path
            for top in ("almia", "apps", "bench", "static", "templates", "tests", "tools")
            for path in (ROOT / top).rglob("*")
        ]
    return sorted(path for path in set(names) if path.suffix in suffixes and path.exists())


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(), str(path))


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))
