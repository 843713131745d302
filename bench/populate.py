"""How long it takes to write the past of 15,000 people on SQLite: what they learnt, half a year of use, conversations.

`seconds`: `manage.py populate` in a process of its own, its start included. `--people N` writes fewer.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from .server import ROOT, free_port

PEOPLE = 15_000


def _populate(people: int) -> float:
    """Prepare a data folder and return the seconds it then takes to populate it."""
    home = Path(tempfile.mkdtemp(prefix="almia-bench-"))
    environment = {
        **{name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}},
        "DJANGO_SETTINGS_MODULE": "almia.settings.tryout",
        "ALMIA_HOME": str(home),
        "PORT": str(free_port()),
    }

    def run(*arguments: str) -> float:
        started = time.perf_counter()
        ran = subprocess.run([sys.executable, *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
        if ran.returncode:
            raise RuntimeError(f"{' '.join(arguments)} failed:\n{ran.stderr[-3000:]}")
        return time.perf_counter() - started

    try:
        run("-m", "bench.seed")
        return run("manage.py", "populate", "--people", str(people))
    finally:
        shutil.rmtree(home, ignore_errors=True)


async def measure(*, people: int = PEOPLE) -> dict[str, int | float]:
    """Return how many people there are afterwards, and the seconds."""
    seconds = await asyncio.to_thread(_populate, people)
    return {"people": people, "seconds": round(seconds, 1)}
