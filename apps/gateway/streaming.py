"""A model's answer, as it comes.

The SDK says what a request looks like (its address, authentication and headers are what providers expect); the body is read and
decoded here, because an object per token costs more than everything else together. No database is used.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncGenerator, Callable
from typing import TYPE_CHECKING, Any

import msgspec
from django.utils import timezone

from .calls import Call, Limits, Usage, estimate_prompt, estimate_tokens
from .clients import ask, connection_errors
from .enums import Outcome
from .errors import Code, GatewayError
from .failures import in_stream
from .sse import EventSplitter

if TYPE_CHECKING:
    from .transport import Answer, Body

ATTEMPTS = 2  # at a connection; never again once anything has come
RETRY_PAUSE = 0.1  # seconds between them
DRAIN = 0.1  # seconds a finished answer may take to end its body, so that the connection can serve again


class _Part(msgspec.Struct):
    type: str = ""
    text: str | None = None


class _Delta(msgspec.Struct):
    content: str | list[_Part] | None = None
    refusal: str | None = None
    reasoning_content: str | None = None
    reasoning: str | None = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    finish_reason: str | None = None


class _Tokens(msgspec.Struct):
    prompt_tokens: int | None = None
    completion_tokens: int | None = None


class _Packet(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: _Tokens | None = None
    error: Any = None


_decode = msgspec.json.Decoder(_Packet).decode


class _Reader:
    """Takes events in and keeps what they add up to."""

    __slots__ = ("characters", "deltas", "done", "failure", "finish_reason", "progress", "tokens_in", "tokens_out")

    def __init__(self) -> None:
        self.done = False
        self.failure: GatewayError | None = None
        self.progress = False  # whether the last events brought anything, be it thinking that is not shown
        self.finish_reason = ""
        self.deltas = 0
        self.characters = 0
        self.tokens_in: int | None = None
        self.tokens_out: int | None = None

    def take(self, events: list[bytes]) -> str:
        """Return the text that the events add. What stops the answer is kept as `failure`: the text before it is good."""
        texts: list[str] = []
        self.progress = False
        for data in events:
            if data == b"[DONE]":
                self.done = True
                break
            try:
                packet = _decode(data)
            except (msgspec.MsgspecError, UnicodeDecodeError) as error:
                self.failure = GatewayError(Code.BAD_ANSWER, detail=f"An event cannot be read: {error}")
                break
            if packet.error is not None:
                self.failure = in_stream(packet.error)
                break
            if packet.usage is not None:
                self.tokens_in, self.tokens_out = packet.usage.prompt_tokens, packet.usage.completion_tokens
            if not packet.choices:
                continue
            choice = packet.choices[0]
            if choice.finish_reason:
                self.finish_reason = choice.finish_reason
            delta = choice.delta
            if delta is None:
                continue
            content = delta.content
            hidden = delta.reasoning_content or delta.reasoning or ""
            if isinstance(content, list):  # parts, of which only the text is the answer
                hidden = hidden or ("…" if content else "")
                content = "".join(part.text for part in content if part.type == "text" and part.text)
            content = content or delta.refusal
            if content:
                texts.append(content)
            if content or hidden:
                self.progress = True
                self.deltas += 1
                self.characters += len(content or "") + len(hidden)
        return "".join(texts)

    def fill(self, usage: Usage) -> None:
        """Write the tokens into `usage`: the provider's figures, else an estimate."""
        usage.finish_reason = self.finish_reason
        if self.tokens_in is not None and self.tokens_out is not None:
            usage.tokens_in, usage.tokens_out, usage.estimated = max(self.tokens_in, 0), max(self.tokens_out, 0), False
        else:  # most providers send a packet per token; some gather several
            usage.tokens_out = max(self.deltas, estimate_tokens(self.characters))


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

    def check(self) -> None:
        """Raise TimeoutError when the deadline has passed without anything to wait for: packets that bring nothing."""
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
    """Make the call and yield the text of the answer as it comes; what has arrived together comes as one piece.

    `pause`: asked after each piece how many seconds to let the next one gather; the end of the answer cuts it short.

    Fills in `call.usage`, whatever way the call ends. Closing the generator, or cancelling its reader, closes the request at the
    provider. A call can be streamed once. Raises GatewayError; text yielded before stays valid.
    """
    usage = call.usage
    if usage.outcome is not Outcome.WAITING:
        raise RuntimeError("This call has been made already.")
    usage.outcome = Outcome.STOPPED  # unless it ends otherwise
    usage.started_at = timezone.now()
    usage.tokens_in = estimate_prompt(call.messages)
    started = time.perf_counter()
    reader = _Reader()
    body: Body | None = None
    try:
        clock = _Clock(asyncio.get_running_loop(), call.limits)
        splitter, size, finished = EventSplitter(), 0, False
        try:
            body = await _open(call, clock)
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
                text = reader.take(splitter.feed(chunk) if chunk else splitter.flush())
                if reader.progress:
                    clock.progress()
                if text:
                    if usage.first_token_ms is None:
                        usage.first_token_ms = _milliseconds(started)
                    yield text
                    if seconds := pause():
                        await body.gather(seconds)
                    clock.progress()
                if reader.failure is not None:
                    raise reader.failure
                if splitter.overflow:
                    raise GatewayError(Code.TOO_LARGE, detail="One event is larger than any token.")
        except TimeoutError:
            raise clock.error() from None
        except connection_errors() as error:
            raise GatewayError(Code.PROVIDER_UNREACHABLE, detail=f"{type(error).__name__}: {error}") from None
        if reader.finish_reason == "content_filter":
            raise GatewayError(Code.CONTENT_REFUSED, detail="The provider's filter ended the answer.")
        if not reader.done and not reader.finish_reason:
            raise GatewayError(Code.BAD_ANSWER, detail="The answer ended without its end.")
        usage.outcome = Outcome.COMPLETED
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


def _request(call: Call) -> bytes:
    """Return the body of the request."""
    request: dict[str, Any] = {"model": call.upstream_name, "messages": list(call.messages), "stream": True}
    if call.max_tokens:
        request[call.endpoint.token_limit] = call.max_tokens
    if call.endpoint.reports_usage:
        request["stream_options"] = {"include_usage": True}
    return msgspec.json.encode(request)


async def _open(call: Call, clock: _Clock) -> Body:
    """Send the request and return the answer's body. Raises GatewayError, TimeoutError."""
    content = _request(call)
    for attempt in range(1, ATTEMPTS + 1):
        body: Body | None = None
        try:
            async with asyncio.timeout_at(clock.deadline):
                answer = await ask(call.endpoint, content)
                body = answer.body
                await _check_kind(answer)
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


async def _check_kind(answer: Answer) -> None:
    """Raise GatewayError for an answer that is no stream: a sign-in page, a plain document."""
    kind = answer.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind not in {"text/html", "application/json"} and answer.headers.get("content-encoding", "identity") == "identity":
        return
    start = (await answer.body.start(300)).decode(errors="replace")
    answer.body.close()
    raise GatewayError(Code.BAD_ANSWER, detail=f"Not a stream but {kind or 'something compressed'}: {start}")


async def _drain(body: Body) -> None:
    """Read what is left after the end of the answer, so that the connection can be used again."""
    # The answer is complete, whatever happens now; only the connection can be lost.
    with contextlib.suppress(TimeoutError, *connection_errors()):
        async with asyncio.timeout(DRAIN):
            while await body.read():
                pass
