"""Run the suite: `unit` on SQLite with nothing but Python, `coverage` the same and what it does not reach, `browser` in Chromium
(with one scenario on PostgreSQL and Redis, if available), `services` on PostgreSQL and Redis.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

from . import services, system

NOTHING_COLLECTED = 5
WORST = 15
PARALLEL = ["-n", "2", "--dist", "loadgroup"]


def run(arguments: list[str], environment: dict[str, str]) -> int:
    """Run pytest in a process of its own and return its exit code."""
    return subprocess.call([sys.executable, "-m", "pytest", *arguments], env={**os.environ, **environment})


def unit(further: list[str]) -> int:
    """The whole suite except the browser, on SQLite and in memory."""
    # Whatever services the shell points to, this suite needs none.
    return run([*PARALLEL, "-m", "not browser", *further], {"DATABASE_URL": "", "REDIS_URL": ""})


def coverage(further: list[str]) -> int:
    """`unit`, then the total and the files with the most lines that it does not reach."""
    with tempfile.TemporaryDirectory(prefix="almia-coverage-") as name:
        report = Path(name) / "coverage.json"
        os.environ["COVERAGE_FILE"] = str(Path(name) / "data")
        if sys.version_info >= (3, 12):
            # The interpreter's own monitoring, which costs a few per cent.
            os.environ["COVERAGE_CORE"] = "sysmon"
        # Before 3.12 every line is counted by a function call: the tests that are slow on purpose take several times as long.
        code = unit(["--cov=apps", "--cov=almia", f"--cov-report=json:{report}", "--timeout=240", *further])
        if report.exists():
            measured = json.loads(report.read_text())
            worst = sorted(measured["files"].items(), key=lambda item: -item[1]["summary"]["missing_lines"])[:WORST]
            for path, found in worst:
                summary = found["summary"]
                print(f"{summary['percent_covered']:6.1f} %  {summary['missing_lines']:4} lines missing  {path}")
            total = measured["totals"]
            print(f"{total['percent_covered']:6.1f} %  of {total['num_statements']} lines are reached")
    return code


def browser(further: list[str]) -> int:
    """The browser tests, in the system's Chromium. A skipped test says why: the first day in production needs the services."""
    chromium = system.need("chromium", "chromium-browser", "google-chrome", purpose="make test-browser")
    if system.is_asked_to_install():
        services.ready()  # otherwise a test that is skipped there would never run
    return run(["-m", "browser", "-rs", *further], {"DATABASE_URL": "", "REDIS_URL": "", "ALMIA_CHROMIUM": chromium})


def on_services(further: list[str]) -> int:
    """The whole suite except the browser, on PostgreSQL and Redis."""
    return run([*PARALLEL, "--migrations", "-m", "not browser", *further], services.ready())


KINDS = {"unit": unit, "coverage": coverage, "browser": browser, "services": on_services}


def main() -> int:
    kind, further = sys.argv[1], sys.argv[2:]
    code = KINDS[kind](further)
    if code == NOTHING_COLLECTED and not further:
        print(f"There are no {kind} tests here.")
        return 0
    return code


if __name__ == "__main__":
    sys.exit(main())
