"""Run the suite: `unit` on SQLite with nothing but Python, `browser` in Chromium, `services` on PostgreSQL and Redis."""

from __future__ import annotations

import os
import subprocess
import sys

from . import services, system

NOTHING_COLLECTED = 5
PARALLEL = ["-n", "2", "--dist", "loadgroup"]


def run(arguments: list[str], environment: dict[str, str]) -> int:
    """Run pytest in a process of its own and return its code."""
    return subprocess.call([sys.executable, "-m", "pytest", *arguments], env={**os.environ, **environment})


def unit(further: list[str]) -> int:
    """The whole suite but the browser, on SQLite and memory."""
    # Whatever services the shell points to, this is the suite that needs none.
    return run([*PARALLEL, "-m", "not browser", *further], {"DATABASE_URL": "", "REDIS_URL": ""})


def browser(further: list[str]) -> int:
    """The browser tests, in the system's Chromium."""
    chromium = system.need("chromium", "chromium-browser", "google-chrome", packages=["chromium"], purpose="make test-browser")
    return run(["-m", "browser", *further], {"DATABASE_URL": "", "REDIS_URL": "", "ALMIA_CHROMIUM": chromium})


def on_services(further: list[str]) -> int:
    """The whole suite but the browser, on PostgreSQL and Redis."""
    return run([*PARALLEL, "--migrations", "-m", "not browser", *further], services.ready())


KINDS = {"unit": unit, "browser": browser, "services": on_services}


def main() -> int:
    kind, further = sys.argv[1], sys.argv[2:]
    code = KINDS[kind](further)
    if code == NOTHING_COLLECTED and not further:
        print(f"There are no {kind} tests here.")
        return 0
    return code


if __name__ == "__main__":
    sys.exit(main())
