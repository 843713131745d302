"""The command line of the benchmarks."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import inspect
import json
import pkgutil
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

from .machine import machine

FOLDER = Path(__file__).parent
RESULTS = FOLDER / "RESULTS.md"


def benchmarks() -> dict[str, ModuleType]:
    """Return the benchmarks by name."""
    modules = (
        importlib.import_module(f"bench.{found.name}")
        for found in pkgutil.iter_modules([str(FOLDER)])
        if found.name != "__main__"
    )
    return {module.__name__.removeprefix("bench."): module for module in modules if hasattr(module, "measure")}


def summary(module: ModuleType) -> str:
    return (module.__doc__ or "").strip().splitlines()[0]


def run(name: str, module: ModuleType, **sizes: int) -> dict[str, Any]:
    """Run one benchmark, with the `sizes` that it takes, and return its result."""
    return {"name": name, "figures": asyncio.run(module.measure(**sizes)), "machine": machine()}


def table(result: dict[str, Any]) -> str:
    """Return the figures of `result` as a table."""
    width = max(len(name) for name in result["figures"])
    return "\n".join(f"{name:<{width}}  {value:>12,}" for name, value in result["figures"].items())


def results(measured: list[tuple[dict[str, Any], str]]) -> str:
    """Return RESULTS.md: figures as measured, with what they were measured on."""
    told = measured[0][0]["machine"]
    lines = [
        "# Benchmark results",
        "",
        "Written by `make bench`; figures as measured, in one run, on one machine.",
        "",
        *(f"- {name.replace('_', ' ')}: {value}" for name, value in told.items()),
    ]
    for result, about in measured:
        lines += ["", f"## {result['name']}", "", about, "", "| Figure | Value |", "|---|---:|"]
        lines += [f"| `{name}` | {value:,} |" for name, value in result["figures"].items()]
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench", description="Run a benchmark; without a name, list them.")
    parser.add_argument("name", nargs="?")
    parser.add_argument("--json", action="store_true", help="print one JSON object instead of a table")
    parser.add_argument("--all", action="store_true", help="run all and write bench/RESULTS.md")
    parser.add_argument("--people", type=int, help="how many people there are, where the benchmark takes that (its own number)")
    options = parser.parse_args()
    known = benchmarks()
    if options.all:
        measured = []
        for name, module in known.items():
            print(f"\n{name}: {summary(module)}", flush=True)
            result = run(name, module)
            print(table(result), flush=True)
            measured.append((result, summary(module)))
        RESULTS.write_text(results(measured))
        return 0
    if options.name is None:
        width = max((len(name) for name in known), default=0)
        for name, module in known.items():
            print(f"{name:<{width}}  {summary(module)}")
        return 0
    if options.name not in known:
        parser.error(f"there is no benchmark {options.name!r}; known: {', '.join(known)}")
    sizes = {"people": options.people} if options.people is not None else {}
    if not sizes.keys() <= inspect.signature(known[options.name].measure).parameters.keys():
        parser.error(f"{options.name} takes no number of people")
    result = run(options.name, known[options.name], **sizes)
    print(json.dumps(result) if options.json else table(result))
    return 0


if __name__ == "__main__":
    sys.exit(main())
