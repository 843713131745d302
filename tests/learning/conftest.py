from __future__ import annotations

from collections.abc import Iterator

import pytest

from bench.upstream import Pace, Running, running


@pytest.fixture(scope="session")
def upstream() -> Iterator[Running]:
    """A real, deterministic upstream in a process of its own: words 0 to 29, 10 ms apart."""
    with running(Pace(tokens=30, interval=10, first=20)) as own:
        yield own
