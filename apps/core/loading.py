"""What a fresh Almia is filled with: shipped content, a demo world. Apps declare loads in `AppConfig.ready()`.

    loading.declare(Load("access.demo", load_proofs, order=30, sources=demo.sources, demo=True))

`manage.py serve` runs them at the start, and again when their sources have changed; `manage.py load_demo` runs the demo's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Load:
    """`run()` adds what is missing and is safe to repeat: what people have changed stays. It may return a sentence for whoever
    is at the terminal. Raises CommandError.

    `order`: its dependencies come before it. `sources()`: the files it is made from; None if it runs at every start.
    `demo`: it belongs to the demo world, which exists in the try-out only. `once`: it writes what people did, and once written,
    real people have continued from there: `serve` does not run it again, whatever has changed.
    """

    code: str
    run: Callable[[], str | None]
    order: int
    sources: Callable[[], Iterable[Path]] | None = None
    demo: bool = False
    once: bool = False


_loads: dict[str, Load] = {}


def declare(load: Load) -> None:
    """Declare `load`. Declaring a code twice is an error."""
    if load.code in _loads:
        raise ValueError(f"Load {load.code} is declared twice.")
    _loads[load.code] = load


def loads(*, demo: bool | None = None) -> list[Load]:
    """Return the loads in order: all, only those of the demo world, or only the others."""
    found = sorted(_loads.values(), key=lambda load: load.order)
    return [load for load in found if demo is None or load.demo == demo]
