"""The layers of the project, as import-linter's contract in pyproject.toml names them."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]


def layers() -> list[list[str]]:
    """Return the packages from the highest layer down, those of one layer together."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [contract] = [contract for contract in contracts if contract["type"] == "layers"]
    return [[name.strip() for name in re.split(r"[|:]", layer)] for layer in contract["layers"]]


def apps() -> list[str]:
    """Return the names of the apps from the lowest up."""
    return [name.removeprefix("apps.") for layer in reversed(layers()) for name in layer if name.startswith("apps.")]
