"""Runs: answers being written by this process, each a task of the server's loop, attached to no socket.

Closing every tab does not stop a run. It appends numbered chunks to its stream, keeps the text so far in the database every
`SNAPSHOT_SECONDS`, and writes how it ended before anybody is told.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections import Counter
from contextlib import aclosing, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.utils import translation

from apps.core import db, lifespan
from apps.core.crypto import Seal
from apps.core.live.connection import Connection
from apps.core.live.push import server_loop
from apps.core.streams import UnknownStream, get_streams
from apps.gateway.errors import Code, GatewayError
from apps.gateway.streaming import stream

from . import queries, services
from .enums import RunState

if TYPE_CHECKING:
    from apps.gateway.calls import Call

logger = logging.getLogger("almia.chat")

SNAPSHOT_SECONDS = 2.0
SHUTDOWN_SECONDS = 4.0
# Words are read and sent at once while few runs are under way. With many, each pauses after a piece in proportion to their
# number, so that what arrives meanwhile is read, kept and sent in one: the process spends its time on words, not on packets.
FEW_RUNS = 20
PAUSE_PER_RUN = 0.0015  # seconds
LONGEST_PAUSE = 0.15


@dataclass(frozen=True, slots=True)
class Plan:
    """All a run needs once its transaction has committed. `base`: text it continues, empty for a new answer."""

    run_id: uuid.UUID
    conversation_id: uuid.UUID
    user_id: uuid.UUID
    language: str
    seal: Seal
    call: Call
    base: str = ""

    @property
    def cut_short(self) -> bool:
        """Whether the model reached the longest answer it may give."""
        return self.call.usage.finish_reason == "length"


_tasks: dict[uuid.UUID, asyncio.Task[None]] = {}
_writing_for: Counter[uuid.UUID] = Counter()
_endings: dict[uuid.UUID, RunState] = {}


def launch(plan: Plan) -> None:
    """Begin the run of `plan` on the server's loop. Safe from any thread; call it after commit."""
    server_loop().call_soon_threadsafe(_begin, plan)


def _begin(plan: Plan) -> None:
    get_streams().begin(str(plan.run_id))
    task = asyncio.get_running_loop().create_task(_execute(plan), name=f"run {plan.run_id}")
    _tasks[plan.run_id] = task
    _writing_for[plan.user_id] += 1
    task.add_done_callback(lambda _: _forget(plan))


def _forget(plan: Plan) -> None:
    _tasks.pop(plan.run_id, None)
    _endings.pop(plan.run_id, None)
    _writing_for[plan.user_id] -= 1
    if not _writing_for[plan.user_id]:
        del _writing_for[plan.user_id]


def count_of(user_id: uuid.UUID) -> int:
    """Return how many answers this process is writing for a person."""
    return _writing_for[user_id]


def end_here(run_id: uuid.UUID, state: RunState = RunState.STOPPED) -> None:
    """End the run in `state` if this process executes it. Safe from any thread."""
    server_loop().call_soon_threadsafe(_end, run_id, state)


def _end(run_id: uuid.UUID, state: RunState) -> None:
    task = _tasks.get(run_id)
    if task is not None and run_id not in _endings:
        _endings[run_id] = state
        task.cancel()


def _pause() -> float:
    return min(len(_tasks) * PAUSE_PER_RUN, LONGEST_PAUSE) if len(_tasks) > FEW_RUNS else 0


async def _execute(plan: Plan) -> None:
    streams, name = get_streams(), str(plan.run_id)
    parts: list[str] = []
    if plan.base:
        parts.append(plan.base)
        streams.append(name, plan.base)
    state, error = RunState.DONE, None
    keeper = asyncio.create_task(_keep(plan, parts))
    try:
        async with aclosing(stream(plan.call, pause=_pause)) as chunks:
            async for text in chunks:
                parts.append(text)
                streams.append(name, text)
    except GatewayError as failure:
        state, error = RunState.FAILED, failure
    except asyncio.CancelledError:
        state = _endings.get(plan.run_id, RunState.INTERRUPTED)
    except Exception:
        logger.exception("A run failed.")
        state, error = RunState.FAILED, GatewayError(Code.PROVIDER_ERROR)
    # From here on nothing may cut in, least of all the server that stops: the end is written first, then told.
    _endings[plan.run_id] = state
    try:
        await asyncio.shield(_finish(plan, parts, keeper, state, error))
    except asyncio.CancelledError:
        logger.warning("Run %s was cancelled while it ended.", name)


async def _keep(plan: Plan, parts: list[str]) -> None:
    """Keep the text so far every few seconds, and look whether another process was asked to stop this run."""
    while True:
        await asyncio.sleep(SNAPSHOT_SECONDS)
        try:
            stop = await db.run(services.keep_text, run_id=plan.run_id, seal=plan.seal, text="".join(parts), seq=len(parts))
        except Exception:
            logger.exception("The text of a run could not be kept; trying again.")
            continue
        if stop:
            _end(plan.run_id, RunState.STOPPED)


async def _finish(plan: Plan, parts: list[str], keeper: asyncio.Task[None], state: RunState, error: GatewayError | None) -> None:
    keeper.cancel()
    with suppress(asyncio.CancelledError):
        await keeper
    end: dict[str, Any] = {"state": state.value}
    text, pause = "".join(parts), 0.2
    if error is not None:
        with translation.override(plan.language):
            end |= {"code": error.code, "message": queries.failure_in_words(error.code, text)}
    if plan.cut_short:
        end["cut_short"] = True
    while True:
        try:
            await db.run(
                services.end_run, plan=plan, state=state, text=text, seq=len(parts), error_code=error.code if error else ""
            )
            break
        except Exception:
            # The database is away: what was written stays in the stream, and the end is written when it is back.
            logger.exception("The end of a run could not be written; trying again.")
            if pause > 30:
                break
            await asyncio.sleep(pause)
            pause *= 2
    get_streams().finish(str(plan.run_id), end)


async def follow(connection: Connection, run_id: uuid.UUID, after: int) -> None:
    """Send what run `run_id` has written after chunk `after`, and goes on writing, to `connection`, until its end.

    A run whose stream is gone (it ended long ago, or its process died) is answered from the database.
    """
    name = str(run_id)
    try:
        async for batch in get_streams().follow(name, after):
            if batch.text:
                await connection.send(
                    {"type": "run.chunk", "run": name, "after": batch.after, "seq": batch.seq, "text": batch.text}
                )
            if batch.end is not None:
                await connection.send({"type": "run.end", "run": name, "seq": batch.seq, **batch.end})
    except UnknownStream:
        stored = await db.run(services.stored_run, run_id)
        if stored is not None:
            await connection.send({"type": "run.stored", "run": name, **stored})


@lifespan.on_startup
async def _recover() -> None:
    """One process: whatever was being written when it last ended is not any more."""
    from django.conf import settings

    if not settings.REDIS_URL:
        await db.run(services.interrupt_lost_runs, alone=True)


@lifespan.on_shutdown
async def _interrupt_all() -> None:
    tasks = list(_tasks.items())
    for run_id, _ in tasks:
        _end(run_id, RunState.INTERRUPTED)
    if tasks:
        await asyncio.wait([task for _, task in tasks], timeout=SHUTDOWN_SECONDS)
