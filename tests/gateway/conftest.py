from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator

import pytest

from apps.gateway import clients as gateway_clients
from bench.upstream import Pace, Running, running


@pytest.fixture(scope="session")
def upstream() -> Iterator[Running]:
    """The benchmarks' upstream, in a process of its own; quick unless a model's name asks for another pace."""
    with running(Pace(tokens=20, interval=1, first=1)) as process:
        yield process


@pytest.fixture
async def clients() -> AsyncIterator[None]:
    """Close what the test's event loop has opened, as the server does when it ends."""
    yield
    await gateway_clients.close_clients()
    await asyncio.sleep(0)
