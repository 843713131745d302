"""How answers end, and what they are called, with a real upstream that sends what it is told."""

from __future__ import annotations

import base64
import json
import time
from typing import Any

import pytest

from apps.gateway import streaming
from apps.gateway.calls import Limits
from apps.gateway.enums import Outcome
from apps.gateway.errors import Code
from bench.upstream import Running
from tests.factories.gateway import make_call
from tests.gateway.test_streaming import PATIENT, THREE, eventually, fail, read

pytestmark = pytest.mark.usefixtures("clients")


def script(*pieces: bytes, **further: str) -> dict[str, Any]:
    """Return what makes a call whose answer is `pieces` as they are."""
    body = [base64.b64encode(piece).decode() for piece in pieces]
    return {"model": "script", "messages": ({"role": "user", "content": json.dumps({"body": body, **further})},)}


SAID = b'data: {"choices":[{"delta":{"content":"A B"}}]}\n\n'
STOP = b'data: {"choices":[{"delta":{},"finish_reason":"stop"}]}\n\n'
TOLD = b'data: {"choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}}\n\n'


@pytest.mark.parametrize("end", ["closed", "open", "reset"])
async def test_an_answer_that_has_ended_is_done_however_its_connection_ends(
    upstream: Running, monkeypatch: pytest.MonkeyPatch, end: str
) -> None:
    monkeypatch.setattr(streaming, "LAST_WORDS", 0.3)
    call = make_call(upstream.base_url, limits=PATIENT, **script(SAID + STOP, TOLD, end=end))
    started = time.monotonic()
    assert await read(call) == "A B"
    assert time.monotonic() - started < 5
    assert (call.usage.outcome, call.usage.finish_reason) == (Outcome.COMPLETED, "stop")
    assert (call.usage.tokens_in, call.usage.tokens_out) == (3, 2)
    await eventually(upstream, "open", 0)


async def test_a_reason_to_finish_with_the_first_word_does_not_end_the_others(
    upstream: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streaming, "LAST_WORDS", 0.2)
    words = [b'data: {"choices":[{"delta":{"content":"%d "},"finish_reason":"stop"}]}\n\n' % number for number in range(300)]
    call = make_call(upstream.base_url, limits=PATIENT, **script(*words))
    assert await read(call) == "".join(f"{number} " for number in range(300))
    assert call.usage.total_ms is not None
    assert call.usage.total_ms > 200


@pytest.mark.parametrize("kind", ["application/json", "text/event-stream", "text/html", "application/x-ndjson"])
async def test_what_came_is_seen_in_it_and_not_in_what_it_is_called(upstream: Running, kind: str) -> None:
    whole = (
        b'{"choices":[{"message":{"content":"A B"},"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":2}}'
    )
    for pieces in ((whole,), (whole[:40], whole[40:]), (SAID, STOP, TOLD)):
        call = make_call(upstream.base_url, limits=PATIENT, **script(*pieces, type=kind))
        assert await read(call) == "A B"
        assert (call.usage.tokens_out, call.usage.estimated) == (2, False)
    error, text = await fail(make_call(upstream.base_url, **script(b'{"error":{"message":"died","code":503}}', type=kind)))
    assert (error.code, text) == (Code.PROVIDER_ERROR, "")


async def test_a_document_without_end_is_ended_by_its_size(upstream: Running) -> None:
    call = make_call(upstream.base_url, limits=Limits(size=50_000), **script(b"{", *[b"x" * 10_000] * 20, end="open"))
    error, _ = await fail(call)
    assert error.code is Code.TOO_LARGE


async def test_an_empty_answer_is_a_failure_that_has_cost_what_it_cost(upstream: Running) -> None:
    call = make_call(upstream.base_url, "empty")
    error, text = await fail(call)
    assert (error.code, text, error.permanent) == (Code.EMPTY_ANSWER, "", False)
    assert call.usage.outcome is Outcome.FAILED
    assert call.usage.first_token_ms is None


async def test_a_missing_end_mark_is_forgiven_when_the_provider_said_it_had_finished(upstream: Running) -> None:
    call = make_call(upstream.base_url, "no-done-finished")
    assert await read(call) == THREE
    assert call.usage.outcome is Outcome.COMPLETED
