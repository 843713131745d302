from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """What is wrong, and where: `file:line: reason`."""

    file: str
    line: int
    reason: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.reason}"


@dataclass(slots=True)
class Problems:
    """All that is wrong. `root`: what file names are shown relative to."""

    root: Path
    found: list[Problem] = field(default_factory=list)

    def add(self, file: Path, line: int, reason: str) -> None:
        try:
            shown = file.resolve().relative_to(self.root.resolve())
        except ValueError:
            shown = file
        problem = Problem(str(shown), line, reason)
        if problem not in self.found:
            self.found.append(problem)

    def __bool__(self) -> bool:
        return bool(self.found)

    def __len__(self) -> int:
        return len(self.found)

    def in_order(self) -> list[Problem]:
        return sorted(self.found)
