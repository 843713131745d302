"""Tries being answered by this process, each a task of the server's loop, attached to no socket.

As in the chat: closing the tab does not stop it, chunks are numbered, and the end is written before anybody is told.
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from contextlib import aclosing, suppress
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from apps.core import db, lifespan
from apps.core.live.push import server_loop
from apps.core.streams import UnknownStream, get_streams
from apps.gateway.errors import Code, GatewayError
from apps.gateway.streaming import stream

from . import queries, services
from .enums import TryState

if TYPE_CHECKING:
    from apps.core.live.connection import Connection

    from .services.practice import TryPlan

logger = logging.getLogger("almia.learning")

LOOK_SECONDS = 2.0
SHUTDOWN_SECONDS = 4.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0  # seconds between two tries to write an end
OF_THE_PROMPT = {Code.CONTENT_REFUSED, Code.CONTEXT_FULL}
_tasks: dict[uuid.UUID, asyncio.Task[None]] = {}
_endings: dict[uuid.UUID, TryState] = {}


def _name(try_id: uuid.UUID) -> str:
    return f"practice:{try_id}"


def launch(plan: TryPlan) -> None:
    """Begin to answer `plan` on the server's loop. Safe from any thread; call it after commit."""
    server_loop().call_soon_threadsafe(_begin, plan)


def _begin(plan: TryPlan) -> None:
    get_streams().begin(_name(plan.try_id))
    task = asyncio.get_running_loop().create_task(_execute(plan), name=f"try {plan.try_id}")
    _tasks[plan.try_id] = task
    task.add_done_callback(lambda _done: _forget(plan.try_id))


def _forget(try_id: uuid.UUID) -> None:
    _tasks.pop(try_id, None)
    _endings.pop(try_id, None)


def end_here(try_id: uuid.UUID, state: TryState = TryState.STOPPED) -> None:
    """End a try in `state` if this process answers it. Safe from any thread."""
    server_loop().call_soon_threadsafe(_end, try_id, state)


def _end(try_id: uuid.UUID, state: TryState) -> None:
    task = _tasks.get(try_id)
    if task is not None and try_id not in _endings:
        _endings[try_id] = state
        task.cancel()


async def _execute(plan: TryPlan) -> None:
    streams, parts = get_streams(), list[str]()
    state, error = TryState.DONE, None
    watcher = asyncio.create_task(_watch(plan))
    try:
        async with aclosing(stream(plan.call)) as chunks:
            async for text in chunks:
                parts.append(text)
                streams.append(_name(plan.try_id), text)
    except GatewayError as failure:
        # What was written is what went wrong: that try is used up, or writing it again and again would have no end.
        state, error = TryState.STOPPED if failure.code in OF_THE_PROMPT else TryState.FAILED, failure
    except asyncio.CancelledError:
        state = _endings.get(plan.try_id, TryState.INTERRUPTED)
    except Exception:
        logger.exception("A try failed.")
        state, error = TryState.FAILED, GatewayError(Code.PROVIDER_ERROR)
    _endings[plan.try_id] = state  # it is ending: nobody ends it a second time, least of all the server that stops
    try:
        await asyncio.shield(_finish(plan, parts, watcher, state, error))
    except asyncio.CancelledError:
        logger.warning("Try %s was cancelled while it ended.", plan.try_id)


async def _watch(plan: TryPlan) -> None:
    """Look now and then whether another process was asked to stop this try."""
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        try:
            asked = await db.run(services.stop_was_asked, plan.try_id)
        except Exception:
            logger.exception("It could not be seen whether a try is to stop; trying again.")
            continue
        if asked:
            _end(plan.try_id, TryState.STOPPED)


async def _finish(
    plan: TryPlan, parts: list[str], watcher: asyncio.Task[None], state: TryState, error: GatewayError | None
) -> None:
    watcher.cancel()
    with suppress(asyncio.CancelledError, Exception):
        await watcher
    text, pause = "".join(parts), FIRST_PAUSE
    end: dict[str, Any] = {"state": state.value, "html": queries.answer_html(text)}
    with translation.override(plan.language):
        if error is not None:
            sentence = _("%(why)s This try was not counted.") % {"why": error} if state is TryState.FAILED else str(error)
            end |= {"code": error.code, "message": sentence}
        while True:
            try:
                left = await db.run(services.end_try, plan=plan, state=state, text=text, error_code=error.code if error else "")
                end |= {"left": left, "left_text": services.left_in_words(left)}
                break
            except Exception:
                # The database is away: what was written stays in the stream, and the end is written when it is back.
                logger.exception("The end of a try could not be written; trying again.")
                if pause > LONGEST_PAUSE:
                    # The reaper finds it later, interrupted; whoever reads along has it on the screen, and is told that it goes.
                    sentence = _("The answer could not be kept. Copy what you need of it; this try was not counted.")
                    end |= {"state": TryState.INTERRUPTED.value, "code": "not_kept", "message": sentence}
                    break
                await asyncio.sleep(pause)
                pause *= 2
    get_streams().finish(_name(plan.try_id), end)


async def follow(connection: Connection, try_id: uuid.UUID, after: int) -> None:
    """Send what the model has written after chunk `after`, and goes on writing, until its end. A try whose stream is gone is
    answered from the database."""
    name = str(try_id)
    try:
        async for batch in get_streams().follow(_name(try_id), after):
            if batch.text:
                frame = {"type": "practice.chunk", "try": name, "after": batch.after, "seq": batch.seq, "text": batch.text}
                await connection.send(frame)
            if batch.end is not None:
                await connection.send({"type": "practice.done", "try": name, **batch.end})
    except UnknownStream:
        stored = await db.run(queries.stored_try, try_id)
        if stored is not None:
            await connection.send({"type": "practice.done", "try": name, **stored})


@lifespan.on_startup
async def _recover() -> None:
    """One process: whatever was being answered when it last ended is not any more."""
    if not settings.REDIS_URL:
        await db.run(services.interrupt_lost_tries, alone=True)


@lifespan.on_shutdown
async def _interrupt_all() -> None:
    tasks = list(_tasks.items())
    for try_id, _task in tasks:
        _end(try_id, TryState.INTERRUPTED)
    if tasks:
        await asyncio.wait([task for _try_id, task in tasks], timeout=SHUTDOWN_SECONDS)
