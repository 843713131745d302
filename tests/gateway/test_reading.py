"""What real servers were reported to send, cut at every byte: the same text whatever the packets."""

from __future__ import annotations

import json
from typing import Any

import pytest

from apps.gateway.calls import Usage
from apps.gateway.errors import Code, GatewayError
from apps.gateway.reading import Reader
from apps.gateway.sse import EventSplitter

DONE = "data: [DONE]\n\n"
STOP = '{"choices":[{"delta":{},"finish_reason":"stop"}]}'


def said(content: Any, **choice: Any) -> str:
    """Return one packet that brings `content`."""
    return json.dumps({"choices": [{"index": 0, "delta": {"content": content}, "finish_reason": None, **choice}]})


def events(*packets: str | bytes, done: bool = True) -> bytes:
    """Return a stream of `packets`, with its end."""
    parts = [packet if isinstance(packet, bytes) else packet.encode() for packet in packets]
    return b"".join(b"data: " + part + b"\n\n" for part in parts) + (DONE.encode() if done else b"")


def read(body: bytes, size: int = 10_000_000) -> tuple[str, GatewayError | None, Usage]:
    """Read a body that comes in pieces of `size` bytes, as the gateway does: its text, what is wrong with it, what it used."""
    reader, splitter, texts = Reader(), EventSplitter(), []
    for at in range(0, len(body), size):
        texts.append(reader.take(splitter.feed(body[at : at + size])))
        if reader.done or reader.failure:
            break
    if not (reader.done or reader.failure):
        texts.append(reader.take(splitter.flush(), last=not splitter.document))
    texts.append(reader.rest())
    usage = Usage()
    reader.fill(usage)
    return "".join(texts), reader.failure or reader.verdict(), usage


HALF_EMOJI = [rb'{"choices":[{"delta":{"content":"A \ud83d"}}]}', rb'{"choices":[{"delta":{"content":"\ude00 B"}}]}']
SKULL = [rb'{"choices":[{"delta":{"content":"\ud83d"}}]}', rb'{"choices":[{"delta":{"content":"\udc80"}}]}']  # looks like a byte
HALF_BYTES = [b'{"choices":[{"delta":{"content":"A \xf0\x9f"}}]}', b'{"choices":[{"delta":{"content":"\x98\x80 B"}}]}']
OLLAMA_REASONING = '{"choices":[{"delta":{"role":"assistant","content":"","reasoning":"hm"},"finish_reason":"stop"}]}'

GOOD: dict[str, tuple[bytes, str]] = {
    # The text in other places.
    "a message where words belong": (
        events('{"choices":[{"message":{"content":"A "}}]}', '{"choices":[{"message":{"content":"B"}}]}', STOP),
        "A B",
    ),
    "the whole message again at the end": (
        events(said("A "), said("B"), '{"choices":[{"message":{"content":"A B"},"finish_reason":"stop"}]}'),
        "A B",
    ),
    "the whole message again after one word": (events(said("A B"), '{"choices":[{"message":{"content":"A B"}}]}', STOP), "A B"),
    "messages, and the whole again at the end": (
        events(
            *[
                json.dumps({"choices": [{"message": {"content": text}, "finish_reason": end}]})
                for text, end in (("A ", None), ("B", None), ("A B", "stop"))
            ]
        ),
        "A B",
    ),
    "thinking in deltas, then the message": (
        events(
            '{"choices":[{"delta":{"reasoning":"hm"}}]}', '{"choices":[{"message":{"content":"A B"},"finish_reason":"stop"}]}'
        ),
        "A B",
    ),
    "text as the older interface has it": (events('{"choices":[{"text":"A B"}]}', STOP), "A B"),
    "content in parts": (events(said([{"type": "text", "text": "A "}, {"type": "text", "text": "B"}]), STOP), "A B"),
    "content as one part": (events(said({"type": "text", "text": "A B"}), STOP), "A B"),
    "parts that are mere words": (events(said(["A ", "B"]), STOP), "A B"),
    "a number that was a word": (events(said(7), said(" B"), STOP), "7 B"),
    "a refusal": (events('{"choices":[{"delta":{"refusal":"No."}}]}', STOP), "No."),
    "a delta that is the text": (events('{"choices":[{"delta":"A B"}]}', STOP), "A B"),
    "choices that are one choice": (events('{"choices":{"delta":{"content":"A B"},"finish_reason":"stop"}}'), "A B"),
    # A whole document though a stream was asked for.
    "a whole completion": (b'{"choices":[{"message":{"content":"A B"},"finish_reason":"stop"}],"usage":{}}', "A B"),
    "a whole completion, set out on lines": (
        json.dumps({"choices": [{"message": {"content": "A B"}, "finish_reason": "stop"}]}, indent=2).encode(),
        "A B",
    ),
    "a whole completion in an event": (events('{"choices":[{"message":{"content":"A B"},"finish_reason":"stop"}]}'), "A B"),
    "one object a line, without events": ("\n".join([said("A "), said("B"), STOP]).encode(), "A B"),
    "a byte order mark before it": (b"\xef\xbb\xbf" + events(said("A B"), STOP), "A B"),
    "blank lines before it": (b"\r\n\n" + events(said("A B"), STOP), "A B"),
    "events with one line end between them": (f"data: {said('A ')}\ndata: {said('B')}\ndata: {STOP}\n".encode(), "A B"),
    # Halves of characters, and what is not JSON.
    "half an emoji a packet": (events(*HALF_EMOJI, STOP), "A 😀 B"),
    "half an emoji that looks like a byte": (events(*SKULL, STOP), "💀"),
    "half the bytes of an emoji a packet": (events(*HALF_BYTES, STOP), "A 😀 B"),
    "a half that stays alone": (events(rb'{"choices":[{"delta":{"content":"A \ud83d B"}}]}', STOP), "A \ufffd B"),
    "a half at the very end": (events(rb'{"choices":[{"delta":{"content":"A \ud83d"}}]}', STOP), "A \ufffd"),
    "a half that an empty packet follows": (events(HALF_EMOJI[0], said(""), HALF_EMOJI[1], STOP), "A 😀 B"),
    "a byte that is no letter": (events(b'{"choices":[{"delta":{"content":"A\xff B"}}]}', STOP), "A\ufffd B"),
    "bytes that are no letters elsewhere": (events(b'{"id":"\xe9","choices":[{"delta":{"content":"A B"}}]}', STOP), "A B"),
    "control characters": (events(b'{"choices":[{"delta":{"content":"A\tB\nC"}}]}', STOP), "A\tB\nC"),
    "an object set out on lines": (
        b"data: " + json.dumps(json.loads(said("A B")), indent=1).encode() + b"\n\n" + DONE.encode(),
        "A B",
    ),
    "minus infinity": (events('{"choices":[{"delta":{"content":"A B"},"logprobs":{"t":-Infinity}}]}', STOP), "A B"),
    "not a number": (events('{"choices":[{"delta":{"content":"A B"}}],"score":NaN}', STOP), "A B"),
    "a number without end": (events('{"choices":[{"delta":{"content":"A B"}}],"usage":%s}' % ("9" * 5000), STOP), "A B"),
    "something behind the object": (events(said("A B") + ";", STOP), "A B"),
    # What says nothing is skipped.
    "empty data": (events("", said("A B"), "", STOP), "A B"),
    "a ping in plain words": (events("ping", said("A B"), ": OPENROUTER PROCESSING", STOP), "A B"),
    "a ping as an object": (events('{"type":"ping"}', said("A B"), "{}", STOP), "A B"),
    "null, a number, a list": (events("null", "17", "[]", said("A B"), STOP), "A B"),
    "an error that is none": (events('{"error":null}', '{"error":{}}', '{"error":""}', said("A B"), STOP), "A B"),
    "packets without choices": (events('{"choices":[],"prompt_filter_results":[]}', said("A B"), STOP), "A B"),
    "a choice that is null": (events('{"choices":[null]}', said("A B"), STOP), "A B"),
    "the end in small letters, quoted": (events(said("A B"), done=False) + b'data: "[done]"\n\n', "A B"),
    # The end.
    "an end without a mark": (events(said("A B"), STOP, done=False), "A B"),
    "a mark without a reason": (events(said("A B")), "A B"),
    "a reason of their own": (events(said("A B"), '{"choices":[{"delta":{},"finish_reason":"eos_token"}]}', done=False), "A B"),
    "an error after the end": (events(said("A B"), STOP, '{"error":{"message":"usage failed"}}'), "A B"),
    "something unreadable after the end": (events(said("A B"), STOP, '{"usage": oops}'), "A B"),
    "a reason with every word": (events(said("A ", finish_reason="stop"), said("B", finish_reason="stop")), "A B"),
    "a reason with the thinking": (events(OLLAMA_REASONING, said("A B"), STOP), "A B"),
    # Thinking between tags.
    "thinking in the text": (events(said("<think>\nhm <b>\n</think>\n\nA B"), STOP), "A B"),
    "thinking in pieces": (events(said("<th"), said("ink>h"), said("m</thi"), said("nk>"), said("\nA "), said("B"), STOP), "A B"),
    "thinking twice": (events(said("<think>1</think><think>2</think>A B"), STOP), "A B"),
    "thinking in capitals": (events(said("<Thought>1</thought>A B"), STOP), "A B"),
    "thinking as Kimi marks it": (events(said("◁think▷hm◁/think▷A B"), STOP), "A B"),
    "thinking as gpt-oss marks it": (
        events(said("<|channel|>analysis<|message|>hm<|end|><|start|>assistant<|channel|>final<|message|>A B"), STOP),
        "A B",
    ),
    "a tag that is spoken of": (events(said("Use <think> tags: <think>x</think>"), STOP), "Use <think> tags: <think>x</think>"),
    "a tag in code": (events(said("`<think>` it is"), STOP), "`<think>` it is"),
    "the start of a tag that is none": (events(said("<thi"), said("s> is A B"), STOP), "<this> is A B"),
    "half a tag and no more": (events(said("<thin"), STOP), "<thin"),
    "space before the answer": (events(said("\n\n  "), said("A B"), STOP), "\n\n  A B"),
    "reasoning as an object": (events('{"choices":[{"delta":{"reasoning":{"text":"hm"}}}]}', said("A B"), STOP), "A B"),
    "reasoning as a list": (events('{"choices":[{"delta":{"reasoning_content":[{"text":"hm"}]}}]}', said("A B"), STOP), "A B"),
}


@pytest.mark.parametrize("name", GOOD)
def test_a_good_answer_is_read_wherever_its_bytes_are_cut(name: str) -> None:
    body, text = GOOD[name]
    for size in (len(body), 1, 2, 3, 7, 64):
        assert read(body, size)[:2] == (text, None), f"in pieces of {size}"


BAD: dict[str, tuple[bytes, Code, str]] = {
    # Nothing to read: a failure with a name.
    "nothing at all": (b"", Code.EMPTY_ANSWER, "No text came"),
    "no word": (events(said(""), STOP), Code.EMPTY_ANSWER, "finish reason stop"),
    "only space": (events(said(" \n"), STOP), Code.EMPTY_ANSWER, ""),
    "only the mark": (events(), Code.EMPTY_ANSWER, ""),
    "only thinking": (events('{"choices":[{"delta":{"reasoning_content":"hm"}}]}', STOP), Code.EMPTY_ANSWER, "Only thinking"),
    "only thinking, in tags": (events(said("<think>hm"), STOP), Code.EMPTY_ANSWER, "Only thinking"),
    "thinking that is ended by the limit": (
        events(said("<think>hm", finish_reason="length")),
        Code.EMPTY_ANSWER,
        "finish reason length",
    ),
    "only thinking, in parts": (events(said([{"type": "thinking", "thinking": "hm"}]), STOP), Code.EMPTY_ANSWER, "Only thinking"),
    "only a tool call": (
        events('{"choices":[{"delta":{"tool_calls":[{"id":"1"}]},"finish_reason":"tool_calls"}]}'),
        Code.EMPTY_ANSWER,
        "tool call",
    ),
    "a whole completion of nothing": (
        b'{"choices":[{"message":{"content":null},"finish_reason":"stop"}]}',
        Code.EMPTY_ANSWER,
        "",
    ),
    "a document that is no answer": (b'{"detail":"Not today"}', Code.EMPTY_ANSWER, "Not today"),
    "plain words": (b"upstream connect error or disconnect", Code.EMPTY_ANSWER, "upstream connect error"),
    "plain words in an event": (b"event: error\ndata: Internal Server Error\n\n", Code.EMPTY_ANSWER, "Internal Server Error"),
    # It said itself that it failed.
    "the finish reason error": (events(said("A"), said("", finish_reason="error")), Code.PROVIDER_ERROR, "finish reason error"),
    "the finish reason abort": (events(said("A"), said("", finish_reason="abort")), Code.PROVIDER_ERROR, "abort"),
    "the finish reason of a filter": (events(said("A"), said("", finish_reason="SAFETY")), Code.CONTENT_REFUSED, "safety"),
    "an object called error": (events('{"object":"error","message":"died","code":500}'), Code.PROVIDER_ERROR, "died"),
    "a type called error": (events(said("A"), '{"type":"error","message":"died"}'), Code.PROVIDER_ERROR, "died"),
    "an error with the status of a success": (b'{"error":{"message":"died"}}', Code.PROVIDER_ERROR, "died"),
    "an error object with the status of a success": (b'{"object":"error","message":"died"}', Code.PROVIDER_ERROR, "died"),
    "an error in a list": (events('[{"error":{"code":429,"message":"slow down"}}]'), Code.RATE_LIMITED, "slow down"),
    "an error in plain words": (events('{"error":"overloaded"}'), Code.PROVIDER_ERROR, "overloaded"),
    # It was cut off.
    "no end": (events(said("A B"), done=False), Code.CUT_OFF, ""),
    "half an event": (events(said("A B"), done=False) + b'data: {"choices":[{"del', Code.CUT_OFF, ""),
    "half a thought": (events(said("<think>hm"), done=False), Code.EMPTY_ANSWER, "no finish reason"),
    # There may be words in what cannot be read: skipping it would leave them out.
    "no JSON in the middle": (
        events(said("A"), '{"choices":[{"delta":{"content":oops}}]}', said("B"), STOP),
        Code.BAD_ANSWER,
        "",
    ),
    "half a document": (b'{"choices":[{"message":{"content":"A B', Code.BAD_ANSWER, ""),
    "depth without end": (events('{"choices":' + "[" * 50_000 + "]" * 50_000 + "}"), Code.BAD_ANSWER, ""),
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_answer_has_a_name(name: str) -> None:
    body, code, detail = BAD[name]
    for size in (len(body) or 1, 1, 7) if len(body) < 10_000 else (len(body),):
        text, error, _ = read(body, size)
        assert error is not None, text
        assert error.code is code, error.detail
        assert detail in error.detail
        assert str(error)


@pytest.mark.parametrize(
    ("usage", "expected"),
    [
        ('{"prompt_tokens":5,"completion_tokens":7}', (5, 7, False)),
        ('{"prompt_tokens":5.0,"completion_tokens":6.6}', (5, 7, False)),
        ('{"prompt_tokens":"5","completion_tokens":"7"}', (5, 7, False)),
        ('{"input_tokens":5,"output_tokens":7}', (5, 7, False)),
        ('{"prompt_tokens":-5,"completion_tokens":7}', (0, 7, False)),
        ('{"prompt_tokens":null,"completion_tokens":7}', (0, 1, True)),
        ('{"prompt_tokens":5,"completion_tokens":0}', (0, 1, True)),
        ('{"prompt_tokens":5,"completion_tokens":1e99}', (0, 1, True)),
        ('{"prompt_tokens":NaN,"completion_tokens":7}', (0, 1, True)),
        ('{"prompt_tokens":[5],"completion_tokens":"many"}', (0, 1, True)),
        ('"7 tokens"', (0, 1, True)),
        ("[]", (0, 1, True)),
        ("null", (0, 1, True)),
    ],
)
def test_figures_never_fail_an_answer(usage: str, expected: tuple[int, int, bool]) -> None:
    text, error, used = read(events(said("A"), STOP, f'{{"choices":[],"usage":{usage}}}'))
    assert (text, error) == ("A", None)
    assert (used.tokens_in, used.tokens_out, used.estimated) == expected


@pytest.mark.parametrize("reason", ["length", "max_tokens", "MAX_TOKENS", "model_length"])
def test_the_limit_of_an_answer_has_one_name(reason: str) -> None:
    _, error, used = read(events(said("A", finish_reason=reason)))
    assert (error, used.finish_reason) == (None, "length")


def test_a_page_for_people_is_no_answer() -> None:
    splitter = EventSplitter()
    assert splitter.feed(b"\n <!doctype html><title>Sign in</title>") == []
    assert b"Sign in" in splitter.page
