"""Answers outside a socket: each is written by a task of the server's loop that belongs to no connection.

Closing every tab stops nothing. Text is numbered in a stream that any connection may follow, and stored every few seconds;
how it ended is stored before anybody is told. An app declares its kind of answer once, in its services:

    RUN = answers.Kind("run", keep=keep_text, end=end_run, interrupt_lost=interrupt_lost_runs, stored=queries.stored_run)

    transaction.on_commit(lambda: RUN.launch(plan))                  # in the service that begins one; `plan` a subclass of Plan
    transaction.on_commit(lambda: answers.stop(run.pk))              # in the service that stops one
    return RUN.reply({"type": "run.started", …}, run.pk)             # in commands.py: the frame, then the answer

Frames: `answer.chunk`, `answer.end`, `answer.stored` (docs/websocket.md).
"""

from __future__ import annotations

import asyncio
import logging
import uuid
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from apps.core import db, lifespan, live
from apps.core.live.connection import Connection
from apps.core.live.push import server_loop
from apps.core.streams import UnknownStream, get_streams

from .calls import Call
from .enums import AnswerState
from .errors import Code, GatewayError, failure_in_words
from .streaming import stream

logger = logging.getLogger("almia.answers")

KEEP_SECONDS = 2.0  # between two times that the text so far is stored, which is also its sign of life
LOST_AFTER = timedelta(seconds=60)  # without a sign of life: its process has died
SHUTDOWN_SECONDS = 4.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 30.0  # seconds between two attempts to store an end
# Words are read and sent at once while few answers are open. With many, each pauses after a piece in proportion to their number,
# so that what arrives meanwhile is read, stored and sent in one go: the process spends its time on words, not on packets.
FEW_OPEN = 20
PAUSE_PER_ANSWER = 0.0015  # seconds
LONGEST_GATHERING = 0.15


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """Everything that writing an answer needs once its transaction has committed; an app adds what its hooks need.

    `base`: text that the answer continues, its first chunk.
    """

    id: uuid.UUID
    language: str
    call: Call
    base: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer as far as it is written. `seq`: the number of the last chunk in `text`. `told`: other fields of its last
    frame."""

    state: AnswerState
    text: str
    seq: int
    error_code: str = ""
    cut_short: bool = False  # the model reached the longest answer it may give
    told: dict[str, Any] = field(default_factory=dict)

    def frame(self) -> dict[str, Any]:
        """Return what is said of an answer besides its text, in the active language."""
        frame: dict[str, Any] = {"state": self.state.value}
        if self.error_code:
            frame |= {"code": self.error_code, "message": failure_in_words(self.error_code, self.text)}
        if self.cut_short:
            frame["cut_short"] = True
        return frame | self.told


P = TypeVar("P", bound=Plan)
P_contra = TypeVar("P_contra", bound=Plan, contravariant=True)


class Keep(Protocol[P_contra]):
    """Store the text so far and a sign of life, unless the answer has ended; return whether it was asked to stop."""

    def __call__(self, *, plan: P_contra, text: str, seq: int) -> bool: ...


class End(Protocol[P_contra]):
    """Store how an answer ended, and what its call used, in one transaction; return the app's own fields of the last frame.

    Called again after a failure. Its sentences are in the language of the plan.
    """

    def __call__(self, *, plan: P_contra, answer: Answer) -> dict[str, Any]: ...


class InterruptLost(Protocol):
    """Mark the open answers without a sign of life since then (None: all of them) as interrupted; return how many."""

    def __call__(self, *, silent_since: datetime | None) -> int: ...


class Kind(Generic[P]):
    """One kind of answer, and how its app keeps it. All hooks run on database threads.

    `stored` returns an answer as the database has it, for readers who come after its stream has gone; None if it was deleted.
    """

    def __init__(
        self,
        name: str,
        *,
        keep: Keep[P],
        end: End[P],
        interrupt_lost: InterruptLost,
        stored: Callable[[uuid.UUID], Answer | None],
    ) -> None:
        self.name, self.keep, self.end, self.interrupt_lost, self.stored = name, keep, end, interrupt_lost, stored
        if name in _kinds:
            raise ValueError(f"The kind of answer {name} is declared twice.")
        _kinds[name] = self

    def launch(self, plan: P) -> None:
        """Begin to write an answer. Safe from any thread; call it after commit."""
        server_loop().call_soon_threadsafe(_Writing, self, plan)

    def reply(self, frame: dict[str, Any], answer_id: uuid.UUID, *, after: int = 0) -> live.Reply:
        """Return a command's reply: `frame`, and then what the answer has written after chunk `after` and what follows."""
        follow = partial(self.follow, answer_id=answer_id, after=after, language=translation.get_language() or "")
        return live.Reply(frame, then=follow, key=f"answer:{answer_id}")

    async def follow(self, connection: Connection, *, answer_id: uuid.UUID, after: int, language: str) -> None:
        """Send an answer to `connection` from chunk `after + 1` to its end.

        If its stream is gone (it ended long ago, or its process died), it is read from the database.
        """
        name = str(answer_id)
        try:
            async for batch in get_streams().follow(name, after):
                if batch.text:
                    await connection.send(
                        {"type": "answer.chunk", "id": name, "after": batch.after, "seq": batch.seq, "text": batch.text}
                    )
                if batch.end is not None:
                    await connection.send({"type": "answer.end", "id": name, "seq": batch.seq, **batch.end})
        except UnknownStream:
            with translation.override(language):
                answer = await db.run(self.stored, answer_id)
                if answer is not None:
                    frame = {"type": "answer.stored", "id": name, "seq": answer.seq, "text": answer.text, **answer.frame()}
                    await connection.send(frame)


_kinds: dict[str, Kind[Any]] = {}
_open: dict[uuid.UUID, _Writing[Any]] = {}


def stop(answer_id: uuid.UUID) -> None:
    """Stop an answer if this process writes it. Safe from any thread; call it after commit.

    Another process finds out when it next stores the text: the hook `keep` tells it.
    """
    server_loop().call_soon_threadsafe(_end_open, answer_id, AnswerState.STOPPED)


def interrupt_lost(*, alone: bool = False) -> int:
    """Mark answers that no process writes any more as interrupted, with the text that was stored; return how many.

    `alone`: no other process can be writing, so every open answer is lost.
    """
    silent_since = None if alone else timezone.now() - LOST_AFTER
    return sum(kind.interrupt_lost(silent_since=silent_since) for kind in _kinds.values())


def _end_open(answer_id: uuid.UUID, state: AnswerState) -> None:
    writing = _open.get(answer_id)
    if writing is not None:
        writing.end(state)


def _gathering() -> float:
    return min(len(_open) * PAUSE_PER_ANSWER, LONGEST_GATHERING) if len(_open) > FEW_OPEN else 0


class _Writing(Generic[P]):
    """One answer while this process writes it. Lives on the server's loop."""

    def __init__(self, kind: Kind[P], plan: P) -> None:
        self.kind, self.plan, self.name = kind, plan, str(plan.id)
        self.streams = get_streams()
        self.parts: list[str] = []
        self.begun = False
        self.ending: AnswerState | None = None
        self.streams.begin(self.name)
        self.task = asyncio.get_running_loop().create_task(self.write(), name=f"{kind.name} {plan.id}")
        _open[plan.id] = self
        self.task.add_done_callback(lambda _task: _open.pop(plan.id))

    def end(self, state: AnswerState) -> None:
        """End it in `state`, unless it is ending already."""
        if self.ending is not None:
            return
        self.ending = state
        if self.begun:  # else it ends at its first step: a task cancelled before that would never store how it ended
            self.task.cancel()

    def add(self, text: str) -> None:
        self.parts.append(text)
        self.streams.append(self.name, text)

    async def write(self) -> None:
        self.begun = True
        state, error_code = AnswerState.DONE, ""
        keeper = asyncio.create_task(self.keep())
        try:
            if self.plan.base:
                self.add(self.plan.base)
            if self.ending is not None:
                raise asyncio.CancelledError
            async with aclosing(stream(self.plan.call, pause=_gathering)) as chunks:
                async for text in chunks:
                    self.add(text)
        except GatewayError as error:
            state, error_code = AnswerState.FAILED, error.code.value
        except asyncio.CancelledError:
            state = self.ending or AnswerState.INTERRUPTED
        except Exception:
            logger.exception("A %s failed.", self.kind.name)
            state, error_code = AnswerState.FAILED, Code.PROVIDER_ERROR.value
        self.ending = state  # from here on nothing may interrupt, least of all the server that stops
        cut_short = self.plan.call.usage.finish_reason == "length"
        answer = Answer(state, "".join(self.parts), len(self.parts), error_code, cut_short)
        try:
            await asyncio.shield(self.finish(answer, keeper))
        except asyncio.CancelledError:
            logger.warning("The %s %s was cancelled while it ended.", self.kind.name, self.name)

    async def keep(self) -> None:
        """Store the text so far now and then, and find out whether another process was asked to stop it."""
        while True:
            await asyncio.sleep(KEEP_SECONDS)
            try:
                asked = await db.run(self.kind.keep, plan=self.plan, text="".join(self.parts), seq=len(self.parts))
            except Exception:
                logger.exception("The text of a %s could not be kept; trying again.", self.kind.name)
                continue
            if asked:
                self.end(AnswerState.STOPPED)

    async def finish(self, answer: Answer, keeper: asyncio.Task[None]) -> None:
        """Store how it ended, then tell its readers."""
        keeper.cancel()
        await asyncio.wait([keeper])
        pause = FIRST_PAUSE
        with translation.override(self.plan.language):
            while True:
                try:
                    told = await db.run(self.kind.end, plan=self.plan, answer=answer)
                    end = answer.frame() | told
                    break
                except Exception:
                    # The database is unavailable: the text stays in the stream, and the end is stored when the database is back.
                    logger.exception("The end of a %s could not be written; trying again.", self.kind.name)
                if pause > LONGEST_PAUSE:
                    # It is found lost later. Readers have it on their screen, and are told that it was not stored.
                    sentence = _("The end of the answer could not be kept. Copy what you need of it before you leave this page.")
                    end = {"state": AnswerState.INTERRUPTED.value, "code": "not_kept", "message": sentence}
                    break
                await asyncio.sleep(pause)
                pause *= 2
        self.streams.finish(self.name, end)


@lifespan.on_startup
async def _recover() -> None:
    """With a single process: whatever was being written when it last ended no longer is."""
    if not settings.REDIS_URL:
        await db.run(interrupt_lost, alone=True)


@lifespan.on_shutdown
async def drain() -> None:
    """Interrupt what is open, and wait until its end is stored and sent."""
    tasks = [writing.task for writing in _open.values()]
    for answer_id in list(_open):
        _end_open(answer_id, AnswerState.INTERRUPTED)
    if tasks:
        await asyncio.wait(tasks, timeout=SHUTDOWN_SECONDS)
