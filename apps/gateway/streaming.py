"""A model's answer, as it comes.

The SDK says what a request looks like (its address, authentication and headers are what providers expect); the body is read and
decoded here, because an object per token costs more than everything else together. No database is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING

from django.utils import timezone

from .calls import Call, Limits, estimate_prompt
from .clients import ask, connection_errors
from .enums import Adaptation, Outcome
from .errors import Code, GatewayError
from .reading import Reader
from .requests import build
from .sse import EventSplitter

if TYPE_CHECKING:
    from .transport import Answer, Body

ATTEMPTS = 2  # attempts to connect; never again once anything has come
RETRY_PAUSE = 0.1  # seconds between them
MOST_ADAPTATIONS = len(Adaptation)  # further requests in one call, before anything has come
DRAIN = 0.1  # seconds a finished answer may take to end its body, so that the connection can be reused
LAST_WORDS = 2.0  # seconds for a provider to send usage once it has said that the answer has ended


class _Clock:
    """The deadlines of one answer. Only waiting for the provider counts as silence, not what our reader does meanwhile."""

    __slots__ = ("_end", "_limits", "_loop", "begun", "deadline")

    def __init__(self, loop: asyncio.AbstractEventLoop, limits: Limits) -> None:
        self._loop, self._limits = loop, limits
        now = loop.time()
        self._end = now + limits.total
        self.begun = False
        self.deadline = min(now + limits.first, self._end)

    def progress(self) -> None:
        self.begun = True
        self.deadline = min(self._loop.time() + self._limits.idle, self._end)

    def close(self) -> None:
        """The answer is complete: wait no longer than for the provider's usage."""
        self.deadline = min(self.deadline, self._loop.time() + LAST_WORDS)

    def check(self) -> None:
        """Raise TimeoutError when the deadline has passed while nothing useful came: packets that bring nothing."""
        if self._loop.time() > self.deadline:
            raise TimeoutError

    def error(self) -> GatewayError:
        """Return what the deadline that has passed means."""
        if self.deadline >= self._end:
            return GatewayError(Code.TIMEOUT_TOTAL, detail=f"More than {self._limits.total} s.")
        if self.begun:
            return GatewayError(Code.TIMEOUT_IDLE, detail=f"Nothing for {self._limits.idle} s.")
        return GatewayError(Code.TIMEOUT_FIRST, detail=f"No word within {self._limits.first} s.")


def _at_once() -> float:
    return 0


async def stream(call: Call, *, pause: Callable[[], float] = _at_once) -> AsyncGenerator[str]:
    """Make the call and yield the text of the answer as it comes; what arrives together comes as one piece.

    `pause`: called after each piece; how many seconds to collect the next one. The end of the answer cuts it short.

    Fills in `call.usage`, however the call ends. Closing the generator, or cancelling its reader, closes the request at the
    provider. A call can be streamed once. Raises GatewayError; text yielded before stays valid.
    """
    usage = call.usage
    if usage.outcome is not Outcome.WAITING:
        raise RuntimeError("This call has been made already.")
    usage.outcome = Outcome.STOPPED  # unless it ends otherwise
    usage.started_at = timezone.now()
    usage.tokens_in = estimate_prompt(call.messages)
    started = time.perf_counter()
    reader = Reader()
    body: Body | None = None
    try:
        clock = _Clock(asyncio.get_running_loop(), call.limits)
        asking = _Asking(call, clock)
        splitter, size, finished, ended = EventSplitter(), 0, False, False
        try:
            body = await asking.open()
            while not (reader.done or finished):
                clock.check()
                chunk = body.take()
                if not chunk:
                    async with asyncio.timeout_at(clock.deadline):
                        chunk = await body.read()
                size += len(chunk)
                if size > call.limits.size:
                    raise GatewayError(Code.TOO_LARGE, detail=f"More than {call.limits.size} bytes.")
                finished = not chunk
                text = reader.take(splitter.feed(chunk)) if chunk else reader.take(splitter.flush(), last=not splitter.document)
                if reader.progress or splitter.document:
                    clock.progress()
                if text:
                    if usage.first_token_ms is None:
                        usage.first_token_ms = _milliseconds(started)
                        usage.learned = asking.learned
                    yield text
                    if seconds := pause():
                        await body.gather(seconds)
                    clock.progress()
                if reader.failure is not None:
                    if reader.deltas or not asking.leave_out(reader.failure):
                        raise reader.failure
                    # Some servers begin a stream before they look at the request.
                    body.close()
                    reader, splitter, finished = Reader(), EventSplitter(), False
                    body = await asking.open()
                    continue
                if splitter.overflow:
                    raise GatewayError(Code.TOO_LARGE, detail="One event is larger than any token.")
                if splitter.page:
                    raise GatewayError(
                        Code.BAD_ANSWER, detail=f"Not a stream but a page: {splitter.page.decode(errors='replace')}"
                    )
                if reader.closing:
                    clock.close()
            ended = True
        # Once the provider has said that the answer has ended, it does not matter how the connection ends.
        except TimeoutError:
            if not reader.complete:
                raise clock.error() from None
        except connection_errors() as error:
            if not reader.complete:
                raise GatewayError(Code.PROVIDER_UNREACHABLE, detail=f"{type(error).__name__}: {error}") from None
        if text := reader.rest():
            yield text
        if (wrong := reader.verdict()) is not None:
            raise wrong
        usage.outcome, usage.learned = Outcome.COMPLETED, asking.learned
        if ended and body is not None:
            await _drain(body)
    except GatewayError as error:
        error.begun = usage.first_token_ms is not None
        usage.outcome, usage.error_code = Outcome.FAILED, error.code.value
        raise
    except Exception:
        usage.outcome, usage.error_code = Outcome.FAILED, "internal"
        raise
    finally:
        if body is not None:
            body.close()
        reader.fill(usage)
        usage.total_ms = _milliseconds(started)


def _milliseconds(since: float) -> int:
    return round((time.perf_counter() - since) * 1000)


class _Asking:
    """The requests of one call: the first, and those without what the server was found to refuse. `learned`: the part of that
    which it refuses whatever the prompt."""

    __slots__ = ("_call", "_clock", "_content", "_left", "_pieces", "learned")

    def __init__(self, call: Call, clock: _Clock) -> None:
        self._call, self._clock = call, clock
        self._pieces = dict(call.adaptations)
        self._left = MOST_ADAPTATIONS
        self.learned: dict[Adaptation, int] = {}
        self._content = build(call, self._pieces)

    async def open(self) -> Body:
        """Send the request, without what is refused, and return the answer's body. Raises GatewayError, TimeoutError."""
        while True:
            try:
                return await _ask(self._call, self._content, self._clock)
            except GatewayError as error:
                if not self.leave_out(error):
                    raise

    def leave_out(self, error: GatewayError) -> bool:
        """Leave out what `error` refuses; return whether that makes a different request, and one more may be sent."""
        if error.refused is None or not self._left:
            return False
        self._left -= 1
        piece, figure, lasting = error.refused
        if piece is Adaptation.OTHER_LIMIT and piece in self._pieces:
            piece = Adaptation.NO_LIMIT  # neither name is accepted
            del self._pieces[Adaptation.OTHER_LIMIT]
            self.learned.pop(Adaptation.OTHER_LIMIT, None)
        self._pieces[piece] = figure
        if lasting:
            self.learned[piece] = figure
        before, self._content = self._content, build(self._call, self._pieces)
        return self._content != before  # else it was not sent in the first place


async def _ask(call: Call, content: bytes, clock: _Clock) -> Body:
    """Send one request, again if the connection fails, and return the answer's body. Raises GatewayError, TimeoutError."""
    for attempt in range(1, ATTEMPTS + 1):
        body: Body | None = None
        try:
            async with asyncio.timeout_at(clock.deadline):
                answer = await ask(call.endpoint, content)
                body = answer.body
                await _check_encoding(answer)
        except GatewayError as error:
            if error.code is not Code.PROVIDER_UNREACHABLE or attempt == ATTEMPTS:
                raise
        except BaseException:
            if body is not None:
                body.close()
            raise
        else:
            return body
        await asyncio.sleep(RETRY_PAUSE)
    raise AssertionError("unreachable")


async def _check_encoding(answer: Answer) -> None:
    """Raise GatewayError for a compressed answer, as it was asked not to be."""
    encoding = answer.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in {"", "identity"}:
        answer.body.close()
        raise GatewayError(Code.BAD_ANSWER, detail=f"The answer is compressed: {encoding}")


async def _drain(body: Body) -> None:
    """Read what is left after the end of the answer, so that the connection can be used again."""
    # The answer is complete, whatever happens now; only the connection can be lost.
    with contextlib.suppress(TimeoutError, *connection_errors()):
        async with asyncio.timeout(DRAIN):
            while await body.read():
                pass
