"""Streaming against a real upstream process that behaves, and that misbehaves in every way we know of."""

from __future__ import annotations

import asyncio
import contextlib
import socket
import time
from typing import Any

import pytest

from apps.gateway import clients, streaming
from apps.gateway.calls import Call, Limits
from apps.gateway.enums import Outcome
from apps.gateway.errors import Code, GatewayError
from bench.upstream import Running
from tests.factories.gateway import make_call

pytestmark = pytest.mark.usefixtures("clients")

WORDS = "".join(f"{number} " for number in range(20))
THREE = "0 1 2 "
QUICK = Limits(first=0.8, idle=0.4, total=10)
PATIENT = Limits(first=20, idle=20, total=30)  # for tests that are not about time: the machine may be busy


async def read(call: Call) -> str:
    """Return the whole answer."""
    return "".join([text async for text in streaming.stream(call)])


async def fail(call: Call) -> tuple[GatewayError, str]:
    """Return how the call failed and what had come before."""
    texts: list[str] = []
    try:
        async for text in streaming.stream(call):
            texts.append(text)
    except GatewayError as error:
        return error, "".join(texts)
    pytest.fail(f"It did not fail: {texts}")


async def eventually(upstream: Running, name: str, value: int) -> None:
    """Wait until the upstream counts `value`."""
    for _ in range(300):
        if (await asyncio.to_thread(upstream.stats))[name] == value:
            return
        await asyncio.sleep(0.01)
    pytest.fail(f"The upstream does not count {value} {name}.")


async def seen(upstream: Running) -> dict[str, Any]:
    """Return the last request as the upstream received it."""
    stats = await asyncio.to_thread(upstream.stats)
    last: dict[str, Any] = stats["seen"][-1]
    return last


async def test_yields_the_answer_and_fills_in_the_usage(upstream: Running) -> None:
    call = make_call(upstream.base_url)
    assert await read(call) == WORDS
    usage = call.usage
    assert usage.outcome is Outcome.COMPLETED
    assert (usage.tokens_in, usage.tokens_out, usage.estimated) == (2, 20, False)
    assert usage.finish_reason == "stop"
    assert usage.error_code == ""
    assert usage.first_token_ms is not None
    assert usage.total_ms is not None
    assert usage.total_ms >= usage.first_token_ms
    assert usage.started_at is not None


async def test_words_gather_while_the_reader_wants_a_pause_and_the_end_cuts_it_short(upstream: Running) -> None:
    started = time.monotonic()
    pieces = [text async for text in streaming.stream(make_call(upstream.base_url), pause=lambda: 20)]
    assert "".join(pieces) == WORDS
    assert len(pieces) <= 3  # the first word or two, then all the rest
    assert time.monotonic() - started < 10


async def test_a_pause_ends_by_itself_while_words_go_on_coming(upstream: Running) -> None:
    call = make_call(upstream.base_url, upstream_name="tokens=10,interval=60,first=1")
    pieces = [text async for text in streaming.stream(call, pause=lambda: 0.15)]
    assert "".join(pieces) == "".join(f"{number} " for number in range(10))
    assert 2 < len(pieces) < 10


async def test_sends_what_the_provider_needs_and_nothing_from_the_environment(
    upstream: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_ORG_ID", "org-of-the-machine")
    monkeypatch.setenv("OPENAI_PROJECT_ID", "project-of-the-machine")
    monkeypatch.setenv("OPENAI_BASE_URL", "http://127.0.0.1:1/")
    await read(make_call(upstream.base_url, api_key="sk-42", max_tokens=7))
    request = await seen(upstream)
    assert request["request"] == {
        "model": "steady",
        "messages": [{"role": "user", "content": "Count, please."}],
        "stream": True,
        "max_tokens": 7,
        "stream_options": {"include_usage": True},
    }
    assert request["headers"]["authorization"] == "Bearer sk-42"
    assert not {"openai-organization", "openai-project", "cookie"} & set(request["headers"])


async def test_the_sdk_is_asked_once_what_a_request_looks_like(upstream: Running, monkeypatch: pytest.MonkeyPatch) -> None:
    await read(make_call(upstream.base_url, api_key="sk-42"))
    first = await seen(upstream)
    monkeypatch.setattr(clients, "_head", None)
    again = make_call(upstream.base_url, api_key="sk-42", messages=({"role": "user", "content": "Count once more, please."},))
    assert await read(again) == WORDS
    second = await seen(upstream)
    assert second["request"]["messages"] == list(again.messages)
    lengths = [int(request["headers"].pop("content-length")) for request in (first, second)]
    assert lengths[0] < lengths[1]
    assert first["headers"] == second["headers"]
    assert first["headers"]["user-agent"].startswith("AsyncOpenAI/")


async def test_options_that_a_provider_does_not_take_are_left_out(upstream: Running) -> None:
    call = make_call(upstream.base_url, api_key="", reports_usage=False, token_limit="max_completion_tokens", max_tokens=5)
    assert await read(call) == "0 1 2 3 4 "
    request = await seen(upstream)
    assert "stream_options" not in request["request"]
    assert "max_tokens" not in request["request"]
    assert request["request"]["max_completion_tokens"] == 5
    assert "authorization" not in request["headers"]
    assert call.usage.finish_reason == "length"
    assert (call.usage.tokens_out, call.usage.estimated) == (5, True)


async def test_an_answer_cut_by_its_limit_is_complete_and_says_so(upstream: Running) -> None:
    call = make_call(upstream.base_url, "length")
    assert await read(call) == THREE
    assert (call.usage.outcome, call.usage.finish_reason) == (Outcome.COMPLETED, "length")


async def test_tokens_are_estimated_when_the_provider_does_not_tell(upstream: Running) -> None:
    call = make_call(upstream.base_url, "no-usage")
    await read(call)
    assert (call.usage.tokens_out, call.usage.estimated) == (10, True)
    assert call.usage.tokens_in == 8  # 14 characters, and what the template adds


async def test_thinking_is_no_text_but_keeps_the_answer_alive(upstream: Running) -> None:
    call = make_call(upstream.base_url, "reasoning", limits=Limits(first=0.5, idle=2, total=10))
    assert await read(call) == THREE
    assert call.usage.first_token_ms is not None
    assert call.usage.first_token_ms > 500  # thinking took longer than the first word may


async def test_packets_cut_anywhere_are_put_together(upstream: Running) -> None:
    assert await read(make_call(upstream.base_url, "dribble")) == "é€😀 fin"


@pytest.mark.parametrize(
    ("model", "code", "before", "permanent"),
    [
        ("down", Code.PROVIDER_UNREACHABLE, "", False),
        ("slow-first", Code.TIMEOUT_FIRST, "", False),
        ("slow-head", Code.TIMEOUT_FIRST, "", False),
        ("stall", Code.TIMEOUT_IDLE, THREE, False),
        ("endless-empty", Code.TIMEOUT_FIRST, "", False),
        ("endless-empty-later", Code.TIMEOUT_IDLE, THREE, False),
        ("401", Code.NOT_CONFIGURED, "", True),
        ("404", Code.NOT_CONFIGURED, "", True),
        ("redirect", Code.NOT_CONFIGURED, "", True),
        ("429", Code.RATE_LIMITED, "", False),
        ("500", Code.PROVIDER_ERROR, "", False),
        ("endless-refusal", Code.PROVIDER_ERROR, "", False),
        ("deep-refusal", Code.PROVIDER_ERROR, "", False),
        ("too-long", Code.CONTEXT_FULL, "", True),
        ("filtered", Code.CONTENT_REFUSED, "", True),
        ("filter-inside", Code.CONTENT_REFUSED, THREE, True),
        ("error-inside", Code.PROVIDER_ERROR, THREE, False),
        ("sign-in", Code.BAD_ANSWER, "", False),
        ("bad-json", Code.BAD_ANSWER, THREE, False),
        ("half-event", Code.CUT_OFF, THREE, False),
        ("no-done", Code.CUT_OFF, THREE, False),
        ("half-chunk", Code.PROVIDER_UNREACHABLE, THREE, False),
        ("reset", Code.PROVIDER_UNREACHABLE, THREE, False),
        ("huge-token", Code.TOO_LARGE, THREE, True),
    ],
)
async def test_each_misbehaviour_has_its_error(upstream: Running, model: str, code: Code, before: str, permanent: bool) -> None:
    call = make_call(upstream.base_url, model, limits=QUICK if code.startswith("timeout") else PATIENT)
    error, text = await fail(call)
    assert error.code is code, error.detail
    assert text == before
    assert error.permanent is permanent
    assert error.begun is bool(before)
    assert str(error)
    assert "sk-test" not in f"{error!r} {error}"
    assert call.usage.outcome is Outcome.FAILED
    assert call.usage.error_code == code.value
    assert call.usage.total_ms is not None
    await eventually(upstream, "open", 0)


async def test_a_rate_limit_says_how_long_to_wait(upstream: Running) -> None:
    error, _ = await fail(make_call(upstream.base_url, "429"))
    assert (error.retry_after, error.status) == (7, 429)
    assert "7" in str(error)


async def test_an_answer_without_end_is_ended_by_its_total_time(upstream: Running) -> None:
    error, text = await fail(make_call(upstream.base_url, "endless", limits=Limits(first=5, idle=5, total=0.8)))
    assert error.code is Code.TIMEOUT_TOTAL
    assert text.startswith("and and ")


async def test_an_answer_without_end_is_ended_by_its_size(upstream: Running) -> None:
    error, text = await fail(make_call(upstream.base_url, "flood", limits=Limits(size=500_000)))
    assert error.code is Code.TOO_LARGE
    assert len(text) < 600_000


async def test_a_reader_that_takes_its_time_does_not_count_as_silence(upstream: Running) -> None:
    texts = []
    async for text in streaming.stream(make_call(upstream.base_url, limits=Limits(first=5, idle=0.3, total=10))):
        texts.append(text)
        if len(texts) == 1:
            await asyncio.sleep(0.6)
    assert "".join(texts) == WORDS


async def test_one_more_attempt_when_the_connection_is_lost_before_the_answer(upstream: Running) -> None:
    before = (await asyncio.to_thread(upstream.stats))["requests"]
    if before % 2:  # the upstream drops every other request; begin with one that it drops
        await read(make_call(upstream.base_url))
        before += 1
    call = make_call(upstream.base_url, "flaky")
    assert await read(call) == THREE
    assert (await asyncio.to_thread(upstream.stats))["requests"] == before + 2


async def test_nobody_at_the_address() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{taken.getsockname()[1]}/v1"
        error, _ = await fail(make_call(address))
    assert error.code is Code.PROVIDER_UNREACHABLE
    assert "sk-test" not in error.detail


async def test_closing_the_reader_closes_the_request(upstream: Running) -> None:
    gone = (await asyncio.to_thread(upstream.stats))["disconnected"]
    call = make_call(upstream.base_url, "tokens=1000,interval=10,first=1")
    answer = streaming.stream(call)
    assert (await anext(answer)).startswith("0 ")
    await answer.aclose()
    assert call.usage.outcome is Outcome.STOPPED
    assert 1 <= call.usage.tokens_out <= 3
    assert call.usage.estimated
    await eventually(upstream, "disconnected", gone + 1)


@pytest.mark.parametrize("model", ["slow-first", "stall"])
async def test_cancelling_the_reader_closes_the_request(upstream: Running, model: str) -> None:
    stats = await asyncio.to_thread(upstream.stats)
    call = make_call(upstream.base_url, model)
    reading = asyncio.create_task(read(call))
    await eventually(upstream, "requests", stats["requests"] + 1)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert call.usage.outcome is Outcome.STOPPED
    await eventually(upstream, "disconnected", stats["disconnected"] + 1)


@pytest.mark.parametrize("key", ["sk-é", "sk-“quoted”", "sk-\nBearer"])
async def test_a_key_that_cannot_be_sent_is_a_fault_of_what_is_registered(upstream: Running, key: str) -> None:
    error, text = await fail(make_call(upstream.base_url, api_key=key))
    assert (error.code, text) == (Code.NOT_CONFIGURED, "")
    assert "sk-" not in error.detail


async def test_a_call_is_made_once(upstream: Running) -> None:
    call = make_call(upstream.base_url)
    await read(call)
    with pytest.raises(RuntimeError):
        await read(call)


async def test_connections_are_used_again(upstream: Running) -> None:
    for _ in range(3):
        await read(make_call(upstream.base_url, "tokens=2,interval=0,first=0"))
    transport: Any = clients.client_for(make_call(upstream.base_url).endpoint).transport
    assert sum(len(pool) for pool in transport._session.connector._conns.values()) == 1


def kept() -> list[Any]:
    """Return the clients that this loop keeps."""
    return list(clients._clients.get(asyncio.get_running_loop(), {}).values())


async def closed(client: Any) -> None:
    """Wait until a client is closed, connections and all."""
    for _ in range(300):
        if client.transport.closed:
            return
        await asyncio.sleep(0.01)
    pytest.fail("The client stays open.")


async def test_the_client_of_a_key_that_was_rotated_closes_after_its_last_answer(
    upstream: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clients, "IDLE_SECONDS", 0.2)
    slow = asyncio.create_task(read(make_call(upstream.base_url, "tokens=40,interval=20,first=5", api_key="sk-old")))
    await eventually(upstream, "open", 1)
    [old] = kept()
    for _ in range(3):  # the new key is in use all the while
        assert await read(make_call(upstream.base_url, api_key="sk-new")) == WORDS
        await asyncio.sleep(0.1)
    assert len(kept()) == 2
    assert not slow.done()
    assert not old.transport.closed, "An answer is being written through it."
    assert (await slow).split() == [str(number) for number in range(40)]
    await closed(old)
    for _ in range(3):  # and what is in use stays
        assert await read(make_call(upstream.base_url, api_key="sk-new")) == WORDS
        assert len(kept()) == 1
    [new] = kept()
    await closed(new)
    assert kept() == []
    assert await read(make_call(upstream.base_url, api_key="sk-new")) == WORDS, "The next one is made when it is needed."


@pytest.mark.parametrize(
    "name",
    [
        "steady",
        "empty",
        "no-done",
        "down",
        "slow-head",
        "stall",
        "401",
        "redirect",
        "flood",
        "sign-in",
        "half-chunk",
        "reset",
        "endless-refusal",
    ],
)
async def test_whatever_way_an_answer_ends_its_client_is_free(upstream: Running, name: str) -> None:
    call = make_call(upstream.base_url, name, limits=QUICK)
    with contextlib.suppress(GatewayError):
        await read(call)
    [client] = kept()
    assert client.transport.busy == 0


async def test_a_reader_that_goes_leaves_its_client_free(upstream: Running) -> None:
    async for _ in (answer := streaming.stream(make_call(upstream.base_url, "tokens=200,interval=20,first=0"))):
        assert kept()[0].transport.busy == 1
        break
    await answer.aclose()
    waiting = asyncio.create_task(read(make_call(upstream.base_url, "tokens=5,interval=5,first=5000")))
    await eventually(upstream, "open", 1)
    assert kept()[0].transport.busy == 1
    waiting.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await waiting
    assert kept()[0].transport.busy == 0


async def test_a_name_that_leads_to_the_metadata_service_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    async def rebound(self: object, host: str, port: int = 0, family: int = 0) -> list[dict[str, object]]:
        return [{"hostname": host, "host": "::ffff:169.254.169.254", "port": port, "family": 10, "proto": 6, "flags": 0}]

    monkeypatch.setattr("aiohttp.ThreadedResolver.resolve", rebound)
    error, _ = await fail(make_call("https://harmless.example/v1"))
    assert error.code is Code.NOT_CONFIGURED
    assert "harmless.example" in error.detail


@pytest.mark.parametrize("address", ["http://models.alcyon.example/v1", "http://169.254.169.254/v1", "file:///etc/passwd"])
async def test_an_address_that_is_not_allowed_is_refused_at_the_call_too(address: str) -> None:
    error, _ = await fail(make_call(address))
    assert error.code is Code.NOT_CONFIGURED


async def test_a_hundred_streams_stay_near_the_pace(upstream: Running) -> None:
    await read(make_call(upstream.base_url))
    calls = [make_call(upstream.base_url, "tokens=60,interval=10,first=20") for _ in range(100)]
    started = time.perf_counter()
    answers = await asyncio.gather(*map(read, calls))
    took = time.perf_counter() - started
    assert set(answers) == {"".join(f"{number} " for number in range(60))}
    # 0.62 s by the upstream's clock; the rest is room for a busy machine, and far below what the SDK's objects would need.
    assert took < 6
