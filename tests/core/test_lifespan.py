"""Ending what runs beside the server."""

from __future__ import annotations

import asyncio

import pytest

from apps.core import lifespan


async def forever(*, deaf: int = 0) -> None:
    """Run until cancelled; the first `deaf` cancellations are lost, as connections do that are being made."""
    while True:
        try:
            await asyncio.sleep(60)
        except asyncio.CancelledError:
            if not deaf:
                raise
            deaf -= 1


@pytest.mark.parametrize("deaf", [0, 1])
async def test_a_task_is_cancelled_until_it_ends(monkeypatch: pytest.MonkeyPatch, deaf: int) -> None:
    monkeypatch.setattr(lifespan, "AGAIN_SECONDS", 0.01)
    task = asyncio.create_task(forever(deaf=deaf))
    await asyncio.sleep(0)
    await asyncio.wait_for(lifespan.end(task), 5)
    assert task.cancelled()


async def test_what_it_failed_with_is_raised() -> None:
    async def fail() -> None:
        raise RuntimeError("on its way")

    task = asyncio.create_task(fail())
    await asyncio.sleep(0)
    with pytest.raises(RuntimeError, match="on its way"):
        await lifespan.end(task)
