"""What a fresh Almia is filled with: shipped content, a demo world. Apps declare loads in `AppConfig.ready()`.

    loading.declare(Load("access.demo", load_proofs, order=30, sources=demo.sources, demo=True))

`manage.py serve` runs them at the start, and again when what they were made from has changed; `manage.py load_demo` the demo's.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Load:
    """`run()` fills in what is missing and is safe to repeat: what people have changed stays. It may return a sentence for who
    sits at the terminal. Raises CommandError.

    `order`: what it needs comes before it. `sources()`: the files it was made from; None where it runs at every start.
    `demo`: it belongs to the demo world, which is there in the try-out only. `once`: it tells what people did, and where that
    was told, they have gone on themselves since: `serve` does not run it again, whatever has changed.
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
    """Return the loads in order: all, or those of the demo world, or those beside it."""
    found = sorted(_loads.values(), key=lambda load: load.order)
    return [load for load in found if demo is None or load.demo == demo]
