"""`make check`: everything that can be checked without running the suite."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

from apps.core import catalogues

PYTHON = sys.executable
# Values that only have the right form: production's settings are checked, but nothing is contacted.
PRODUCTION = {
    "DJANGO_SETTINGS_MODULE": "almia.settings.production",
    "ALMIA_SECRET_KEY": "only-the-form-counts-here-" + "x9" * 30,
    "ALMIA_AUDIT_KEY": "only-the-form-counts-either-" + "x9" * 30,
    "ALMIA_ORIGINS": "https://almia.alcyon.example",
    "ALMIA_ALLOWED_HOSTS": "almia.alcyon.example",
    "DATABASE_URL": "postgres://almia:almia@127.0.0.1:5432/almia",
    "REDIS_URL": "redis://127.0.0.1:6379/0",
    "ALMIA_EMAIL_HOST": "mail.alcyon.example",
    "ALMIA_EMAIL_FROM": "Almia <almia@alcyon.example>",
}


@dataclass(frozen=True)
class Step:
    name: str
    command: list[str]
    environment: dict[str, str] = field(default_factory=dict)


STEPS = [
    Step("types", [PYTHON, "-m", "mypy", "."]),
    Step("lint", [PYTHON, "-m", "ruff", "check", "."]),
    Step("scripts", [str(Path(PYTHON).with_name("oxlint")), "--deny-warnings", "static", "tests/js"]),
    Step("format", [PYTHON, "-m", "ruff", "format", "--check", "."]),
    Step("layers", [PYTHON, "-c", "from importlinter.cli import lint_imports_command as run; run()"]),
    Step(
        "migrations",
        [PYTHON, "manage.py", "makemigrations", "--check", "--dry-run"],
        {"DJANGO_SETTINGS_MODULE": "almia.settings.test"},
    ),
    Step("production settings", [PYTHON, "manage.py", "check", "--deploy", "--fail-level", "WARNING"], PRODUCTION),
    Step("templates", [PYTHON, "-m", "tools.templates"]),
    Step("drawing", [PYTHON, "-m", "tools.drawing", "--check"]),
    Step("translations", [PYTHON, "-m", "tools.translations"]),
]


def run(step: Step) -> tuple[Step, int, str, float]:
    started = time.monotonic()
    done = subprocess.run(
        step.command,
        env={**os.environ, **step.environment},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    return step, done.returncode, done.stdout, time.monotonic() - started


def main() -> int:
    catalogues.compile_behind(catalogues.folders())
    wanted = sys.argv[1:]
    steps = [step for step in STEPS if not wanted or step.name in wanted]
    failed = []
    # Two at a time: the types take as long as all the others.
    with ThreadPoolExecutor(2) as pool:
        for step, code, output, seconds in pool.map(run, steps):
            print(f"{'ok    ' if code == 0 else 'FAILED'} {step.name} ({seconds:.1f} s)", flush=True)
            if code:
                failed.append(step.name)
                print("\n".join(f"    {line}" for line in output.rstrip().splitlines()), flush=True)
    if failed:
        print(f"\n{len(failed)} of {len(steps)} checks failed: {', '.join(failed)}.")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
