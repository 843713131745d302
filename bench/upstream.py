"""An OpenAI-compatible upstream that always answers the same, and misbehaves on request. For benchmarks and tests.

    python -m bench.upstream --port 0 --tokens 60 --interval-ms 20 --first-ms 50

prints its address on the first line and ends when its standard input is closed. An answer is the words `0 1 2 …`, so a reader can
tell a lost word from a doubled one. A model's name chooses a misbehaviour (`FAULTS`) or another pace
(`tokens=5,interval=0,first=0`). `/stats` counts the requests: all, open now, finished, and given up by the client.
"""

from __future__ import annotations

import argparse
import asyncio
import base64
import contextlib
import json
import os
import socket
import struct
import subprocess
import sys
import threading
import urllib.request
from collections import deque
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

ROOT = Path(__file__).resolve().parents[1]


@dataclass(frozen=True)
class Pace:
    """How an answer comes: so many words, so many milliseconds apart, the first after so many."""

    tokens: int = 60
    interval: float = 20
    first: float = 50


def event(document: Any) -> bytes:
    """Return one server-sent event."""
    return b"data: " + json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode() + b"\n\n"


def packet(delta: dict[str, Any], finish: str | None = None) -> bytes:
    """Return one event of a chat completion."""
    choice = {"index": 0, "delta": delta, "finish_reason": finish}
    return event({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "model": "m", "choices": [choice]})


def usage(tokens_in: int, tokens_out: int) -> bytes:
    """Return the event with the usage."""
    total = {"prompt_tokens": tokens_in, "completion_tokens": tokens_out, "total_tokens": tokens_in + tokens_out}
    return event({"id": "chatcmpl-1", "object": "chat.completion.chunk", "created": 1, "choices": [], "usage": total})


def chunk(data: bytes) -> bytes:
    """Return `data` framed for a chunked body."""
    return b"%x\r\n%b\r\n" % (len(data), data)


DONE = b"data: [DONE]\n\n"
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nCache-Control: no-cache\r\nTransfer-Encoding: chunked\r\n\r\n"
LAST_CHUNK = b"0\r\n\r\n"
ROLE = packet({"role": "assistant", "content": ""})
_words: list[bytes] = []


def word(number: int) -> bytes:
    """Return the framed event that carries word `number`; each is made once."""
    while len(_words) <= number:
        _words.append(chunk(packet({"content": f"{len(_words)} "})))
    return _words[number]


class Upstream:
    """The server's settings and its counts."""

    def __init__(self, pace: Pace) -> None:
        self.pace = pace
        self.requests = self.finished = self.disconnected = 0
        self.open: set[Exchange] = set()
        self.seen: deque[dict[str, Any]] = deque(maxlen=20)

    def stats(self) -> dict[str, Any]:
        return {
            "requests": self.requests,
            "open": len(self.open),
            "finished": self.finished,
            "disconnected": self.disconnected,
            "seen": list(self.seen),
        }


class Exchange:
    """One request being answered."""

    def __init__(self, upstream: Upstream, connection: Connection, request: dict[str, Any]) -> None:
        self.upstream, self.connection, self.request = upstream, connection, request
        self.gone = False
        self.task: asyncio.Task[None] | None = None
        self.timer: asyncio.TimerHandle | None = None
        upstream.requests += 1
        upstream.open.add(self)

    def write(self, data: bytes) -> None:
        """Send bytes as they are."""
        if not self.gone:
            self.connection.transport.write(data)

    def send(self, *events: bytes) -> None:
        """Send events, each as a chunk of its own."""
        for data in events:
            self.write(chunk(data))

    def begin(self, *, words: int = 0) -> None:
        self.write(HEAD + chunk(ROLE))
        for number in range(words):
            self.write(word(number))

    def end(self, *, finish: str | None = "stop", tokens: int = 0, done: bool = True, told: bool = True) -> None:
        """End the body as a well-behaved server does, or without some of it."""
        tail = packet({}, finish) if finish else b""
        if told and (self.request.get("stream_options") or {}).get("include_usage"):
            read = sum(len(str(message.get("content")).split()) for message in self.request.get("messages", []))
            tail += usage(read, tokens)
        tail += DONE if done else b""
        self.write((chunk(tail) if tail else b"") + LAST_CHUNK)
        self.close()

    def refuse(self, status: str, error: dict[str, Any], *headers: str) -> None:
        body = json.dumps({"error": error}).encode()
        lines = [f"HTTP/1.1 {status}", "Content-Type: application/json", f"Content-Length: {len(body)}", *headers, "", ""]
        self.write("\r\n".join(lines).encode() + body)
        self.close()

    def hang_up(self, *, reset: bool = False) -> None:
        transport = self.connection.transport
        sock = transport.get_extra_info("socket")
        self.close()
        if reset and sock is not None:
            with socket.socket(fileno=os.dup(sock.fileno())) as copy:  # the loop's own object takes no options
                copy.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        else:
            transport.close()

    def close(self) -> None:
        """The answer has ended from our side."""
        if self in self.upstream.open:
            self.upstream.open.discard(self)
            self.upstream.finished += 1
        self.gone = True
        self.connection.exchange = None

    def lost(self) -> None:
        """The client has gone before the end."""
        self.gone = True
        if self in self.upstream.open:
            self.upstream.open.discard(self)
            self.upstream.disconnected += 1
        if self.timer is not None:
            self.timer.cancel()
        if self.task is not None:
            self.task.cancel()

    def steady(self, pace: Pace) -> None:
        """Answer at `pace`, each word at its own time: a late word does not delay those after it."""
        loop = asyncio.get_running_loop()
        limit = self.request.get("max_tokens") or self.request.get("max_completion_tokens") or pace.tokens
        count = min(pace.tokens, limit)
        start = loop.time() + pace.first / 1000

        def step(number: int) -> None:
            if self.gone:
                return
            if number == count:
                self.end(finish="stop" if count == pace.tokens else "length", tokens=count)
                return
            self.write(HEAD + chunk(ROLE) + word(0) if number == 0 else word(number))
            self.timer = loop.call_at(start + (number + 1) * pace.interval / 1000, step, number + 1)

        if count == 0:
            self.begin()
        self.timer = loop.call_at(start, step, 0)


Fault = Callable[[Exchange], Awaitable[None]]
FAULTS: dict[str, Fault] = {}


def fault(name: str) -> Callable[[Fault], Fault]:
    """Register what a request for the model `name` gets."""

    def register(function: Fault) -> Fault:
        FAULTS[name] = function
        return function

    return register


async def _for_ever(exchange: Exchange, *events: bytes, pause: float) -> None:
    while not exchange.gone:
        exchange.send(*events)
        await asyncio.sleep(pause)


@fault("down")
async def _down(exchange: Exchange) -> None:
    exchange.hang_up()


@fault("flaky")
async def _flaky(exchange: Exchange) -> None:
    """Hang up on every other request."""
    if exchange.upstream.requests % 2:
        exchange.hang_up()
    else:
        exchange.begin(words=3)
        exchange.end(tokens=3)


@fault("slow-first")
async def _slow_first(exchange: Exchange) -> None:
    await asyncio.Event().wait()


@fault("slow-head")
async def _slow_head(exchange: Exchange) -> None:
    exchange.begin()
    await asyncio.Event().wait()


@fault("stall")
async def _stall(exchange: Exchange) -> None:
    exchange.begin(words=3)
    await asyncio.Event().wait()


@fault("endless")
async def _endless(exchange: Exchange) -> None:
    exchange.begin()
    await _for_ever(exchange, packet({"content": "and "}), pause=0.02)


@fault("endless-empty")
async def _endless_empty(exchange: Exchange) -> None:
    exchange.begin()
    await _for_ever(exchange, packet({"content": ""}), b": keep-alive\n\n", packet({}), pause=0.005)


@fault("endless-empty-later")
async def _endless_empty_later(exchange: Exchange) -> None:
    exchange.begin(words=3)
    await _for_ever(exchange, packet({"content": ""}), b": keep-alive\n\n", pause=0.005)


@fault("flood")
async def _flood(exchange: Exchange) -> None:
    exchange.begin()
    await _for_ever(exchange, packet({"content": "x" * 50_000}), pause=0)


@fault("huge-token")
async def _huge_token(exchange: Exchange) -> None:
    exchange.begin(words=3)
    exchange.send(packet({"content": "x" * 10_000_000}))
    exchange.end()


@fault("401")
async def _unauthorized(exchange: Exchange) -> None:
    exchange.refuse("401 Unauthorized", {"message": "Incorrect API key provided.", "code": "invalid_api_key"})


@fault("404")
async def _not_found(exchange: Exchange) -> None:
    exchange.refuse("404 Not Found", {"message": "The model `404` does not exist.", "code": "model_not_found"})


@fault("429")
async def _too_many(exchange: Exchange) -> None:
    exchange.refuse("429 Too Many Requests", {"message": "Rate limit reached."}, "Retry-After: 7")


@fault("500")
async def _server_error(exchange: Exchange) -> None:
    exchange.refuse("500 Internal Server Error", {"message": "The server had an error."})


@fault("too-long")
async def _too_long(exchange: Exchange) -> None:
    words = "This model's maximum context length is 4096 tokens."
    exchange.refuse("400 Bad Request", {"message": words, "code": "context_length_exceeded"})


@fault("filtered")
async def _filtered(exchange: Exchange) -> None:
    exchange.refuse("400 Bad Request", {"message": "The response was filtered.", "code": "content_filter"})


def _strict(*faults: tuple[Callable[[dict[str, Any]], bool], dict[str, Any]]) -> Fault:
    """Return a server that refuses each request for the first of `faults` it contains, and otherwise answers."""

    async def answer(exchange: Exchange) -> None:
        for has_it, error in faults:
            if has_it(exchange.request):
                exchange.refuse("400 Bad Request", error)
                return
        if exchange.request.get("stream"):
            exchange.begin(words=3)
            exchange.end(tokens=3)
            return
        choice = {"message": {"role": "assistant", "content": "0 1 2 "}, "finish_reason": "stop"}
        body = json.dumps({"object": "chat.completion", "choices": [choice]}).encode()
        exchange.write(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
        exchange.close()

    return answer


def _roles(request: dict[str, Any]) -> list[str]:
    return [message["role"] for message in request["messages"]]


def _out_of_turn(request: dict[str, Any]) -> bool:
    roles = [role for role in _roles(request) if role != "system"]
    return any(role != ("user", "assistant")[place % 2] for place, role in enumerate(roles))


def _has(name: str) -> Callable[[dict[str, Any]], bool]:
    return lambda request: name in request


def _unknown(name: str) -> dict[str, Any]:
    return {
        "message": f"Unknown parameter: '{name}'.",
        "type": "invalid_request_error",
        "param": name,
        "code": "unknown_parameter",
    }


_NO_SYSTEM = {"message": "System role not supported", "type": "BadRequestError", "code": 400}
_ALTERNATE = {"message": "Conversation roles must alternate user/assistant/user/assistant/...", "code": 400}
_NOT_VERIFIED = {
    "message": "Your organization must be verified to stream this model.",
    "param": "stream",
    "code": "unsupported_value",
}
_OTHER_NAME = {
    "message": "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    "param": "max_tokens",
    "code": "unsupported_parameter",
}
_TOO_LARGE = {
    "message": "max_tokens is too large: 9999. This model supports at most 4 completion tokens, whereas you provided 9999."
}
FAULTS |= {
    "no-usage-option": _strict((_has("stream_options"), _unknown("stream_options"))),
    "no-system": _strict((lambda request: "system" in _roles(request), _NO_SYSTEM)),
    "in-turn": _strict((_out_of_turn, _ALTERNATE)),
    "no-stream": _strict((_has("stream"), _NOT_VERIFIED), (_has("stream_options"), _unknown("stream_options"))),
    "other-limit": _strict((_has("max_tokens"), _OTHER_NAME)),
    "no-limit": _strict(
        (_has("max_tokens"), _unknown("max_tokens")), (_has("max_completion_tokens"), _unknown("max_completion_tokens"))
    ),
    "lower-limit": _strict((lambda request: request.get("max_tokens", 0) > 4, _TOO_LARGE)),
    "nothing-but-words": _strict(
        (_has("stream_options"), _unknown("stream_options")),
        (lambda request: "system" in _roles(request), _NO_SYSTEM),
        (_has("max_tokens"), _OTHER_NAME),
        (_has("stream"), _NOT_VERIFIED),
    ),
    "never-satisfied": _strict((lambda request: True, _unknown("stream_options"))),
}


@fault("late-refusal")
async def _late_refusal(exchange: Exchange) -> None:
    """Begin a stream before looking at the request, as some servers do."""
    exchange.begin()
    if "system" in _roles(exchange.request):
        exchange.send(event({"error": _NO_SYSTEM}))
        exchange.end(finish=None)
        return
    exchange.send(*(packet({"content": f"{number} "}) for number in range(3)))
    exchange.end(tokens=3)


@fault("no-room")
async def _no_room(exchange: Exchange) -> None:
    """Refuse a limit for which the prompt leaves no room in the window."""
    if "max_tokens" in exchange.request:
        words = "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens (1000 in the messages)."
        exchange.refuse("400 Bad Request", {"message": words})
    else:
        exchange.begin(words=3)
        exchange.end(tokens=3)


@fault("redirect")
async def _redirect(exchange: Exchange) -> None:
    exchange.refuse("307 Temporary Redirect", {"message": "Moved."}, "Location: http://169.254.169.254/latest/meta-data/")


@fault("endless-refusal")
async def _endless_refusal(exchange: Exchange) -> None:
    """A refusal whose body has no end."""
    exchange.write(b"HTTP/1.1 500 Oops\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n")
    while not exchange.gone:
        exchange.send(b"x" * 16_384)
        await asyncio.sleep(0.001)


@fault("deep-refusal")
async def _deep_refusal(exchange: Exchange) -> None:
    """A refusal whose nesting has no end."""
    body = b"[" * 60_000
    exchange.write(b"HTTP/1.1 500 Oops\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    exchange.close()


@fault("sign-in")
async def _sign_in_page(exchange: Exchange) -> None:
    body = b"<!doctype html><title>Sign in</title>"
    exchange.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))
    exchange.close()


@fault("half-chunk")
async def _half_chunk(exchange: Exchange) -> None:
    """Close in the middle of a chunk of the body."""
    exchange.begin(words=3)
    exchange.write(word(3)[:40])
    await asyncio.sleep(0.02)
    exchange.hang_up()


@fault("half-event")
async def _half_event(exchange: Exchange) -> None:
    """End the body properly in the middle of an event."""
    exchange.begin(words=3)
    exchange.write(chunk(packet({"content": "3 "})[:60]) + LAST_CHUNK)
    exchange.close()


@fault("reset")
async def _reset(exchange: Exchange) -> None:
    exchange.begin(words=3)
    await asyncio.sleep(0.05)
    exchange.hang_up(reset=True)


@fault("bad-json")
async def _bad_json(exchange: Exchange) -> None:
    exchange.begin(words=3)
    exchange.send(b'data: {"choices": [{"delta": {"content": oops}}]}\n\n')
    exchange.end()


@fault("no-done")
async def _no_done(exchange: Exchange) -> None:
    exchange.begin(words=3)
    exchange.end(finish=None, done=False, told=False)


@fault("no-done-finished")
async def _no_done_finished(exchange: Exchange) -> None:
    exchange.begin(words=3)
    exchange.end(done=False, tokens=3)


@fault("no-usage")
async def _no_usage(exchange: Exchange) -> None:
    exchange.begin(words=10)
    exchange.end(told=False)


@fault("error-inside")
async def _error_inside(exchange: Exchange) -> None:
    exchange.begin(words=3)
    exchange.send(event({"error": {"message": "The worker died.", "type": "server_error", "code": 500}}))
    exchange.end()


@fault("filter-inside")
async def _filter_inside(exchange: Exchange) -> None:
    exchange.begin(words=3)
    exchange.end(finish="content_filter", tokens=3)


@fault("length")
async def _length(exchange: Exchange) -> None:
    exchange.begin(words=3)
    exchange.end(finish="length", tokens=3)


@fault("empty")
async def _empty(exchange: Exchange) -> None:
    exchange.begin()
    exchange.end()


@fault("reasoning")
async def _reasoning(exchange: Exchange) -> None:
    """Send thinking, in both ways that providers do, before the answer."""
    exchange.begin()
    for _ in range(30):
        exchange.send(packet({"reasoning_content": "secret thought "}))
        await asyncio.sleep(0.02)
    exchange.send(packet({"content": [{"type": "thinking", "thinking": [{"type": "text", "text": "secret thought"}]}]}))
    exchange.send(packet({"content": [{"type": "text", "text": "0 1 "}]}), packet({"content": "2 "}))
    exchange.end(tokens=34)


@fault("script")
async def _script(exchange: Exchange) -> None:
    """Send what the last message says, as JSON: `body` (pieces in base64), its `type`, and its `end`: closed, open or reset."""
    script = json.loads(exchange.request["messages"][-1]["content"])
    kind = script.get("type", "text/event-stream")
    exchange.write(f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nTransfer-Encoding: chunked\r\n\r\n".encode())
    for piece in script["body"]:
        exchange.send(base64.b64decode(piece))
        await asyncio.sleep(0.002)
    match script.get("end", "closed"):
        case "open":
            await asyncio.Event().wait()
        case "reset":
            await asyncio.sleep(0.02)
            exchange.hang_up(reset=True)
        case _:
            exchange.write(LAST_CHUNK)
            exchange.close()


@fault("dribble")
async def _dribble(exchange: Exchange) -> None:
    """Line ends of the other kind, and packets cut anywhere, even inside a character."""
    body = ROLE + packet({"content": "é€😀 "}) + packet({"content": "fin"}) + packet({}, "stop") + DONE
    exchange.write(HEAD)
    for position in range(0, len(body := body.replace(b"\n", b"\r\n")), 7):
        exchange.send(body[position : position + 7])
        await asyncio.sleep(0)
    exchange.write(LAST_CHUNK)
    exchange.close()


def pace_of(model: str, usual: Pace) -> Pace:
    """Return the pace that a model's name asks for."""
    if "=" not in model:
        return usual
    figures: dict[str, Any] = dict(part.split("=") for part in model.split(","))
    figures = {name: int(value) if name == "tokens" else float(value) for name, value in figures.items()}
    return replace(usual, **figures)


class Connection(asyncio.Protocol):
    """Just enough HTTP/1.1: one request after the other, bodies with a length."""

    transport: asyncio.Transport

    def __init__(self, upstream: Upstream) -> None:
        self.upstream = upstream
        self.buffer = bytearray()
        self.exchange: Exchange | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)

    def connection_lost(self, exc: Exception | None) -> None:
        if self.exchange is not None:
            self.exchange.lost()

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        head, found, _rest = bytes(self.buffer).partition(b"\r\n\r\n")
        if not found:
            return
        request_line, *lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
        length = int(headers.get("content-length", 0))
        if len(self.buffer) < len(head) + 4 + length:
            return
        body = bytes(self.buffer[len(head) + 4 : len(head) + 4 + length])
        del self.buffer[: len(head) + 4 + length]
        method, path, _version = request_line.split(" ")
        self.answer(method, path, headers, body)

    def answer(self, method: str, path: str, headers: dict[str, str], body: bytes) -> None:
        if path == "/stats":
            self.document(self.upstream.stats())
        elif path.endswith("/models"):
            names = ["steady", *FAULTS]
            self.document({"object": "list", "data": [{"id": name, "object": "model", "owned_by": "bench"} for name in names]})
        elif path.partition("?")[0].endswith("/chat/completions") and method == "POST":
            request = json.loads(body)
            self.upstream.seen.append({"path": path, "headers": headers, "request": request})
            self.exchange = exchange = Exchange(self.upstream, self, request)
            model = str(request.get("model"))
            if model in FAULTS:
                exchange.task = asyncio.ensure_future(FAULTS[model](exchange))
            else:
                exchange.steady(pace_of(model, self.upstream.pace))
        else:
            self.document({"error": {"message": "There is nothing here."}}, status="404 Not Found")

    def document(self, document: Any, status: str = "200 OK") -> None:
        body = json.dumps(document).encode()
        head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        self.transport.write(head.encode() + body)


async def serve(port: int, pace: Pace) -> None:
    """Serve on loopback until standard input is closed; print the address first."""
    loop = asyncio.get_running_loop()
    upstream = Upstream(pace)
    server = await loop.create_server(lambda: Connection(upstream), "127.0.0.1", port, backlog=2048)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    ended = asyncio.Event()
    threading.Thread(target=lambda: (sys.stdin.read(), loop.call_soon_threadsafe(ended.set)), daemon=True).start()
    await ended.wait()


class Running:
    """An upstream in a process of its own."""

    def __init__(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        self.process = process
        self.address = process.stdout.readline().strip()
        self.base_url = f"{self.address}/v1"

    def stats(self) -> dict[str, Any]:
        """Return what the upstream counts."""
        with urllib.request.urlopen(f"{self.address}/stats", timeout=5) as answer:
            counts: dict[str, Any] = json.load(answer)
            return counts


@contextlib.contextmanager
def running(pace: Pace | None = None) -> Iterator[Running]:
    """Run an upstream for as long as the block lasts; it also ends when this process does."""
    pace = pace or Pace()
    figures = ["--tokens", str(pace.tokens), "--interval-ms", str(pace.interval), "--first-ms", str(pace.first)]
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.upstream", *figures], cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        yield Running(process)
    finally:
        assert process.stdin is not None
        process.stdin.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def main() -> None:
    parser = argparse.ArgumentParser(prog="python -m bench.upstream", description="A deterministic OpenAI-compatible upstream.")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--tokens", type=int, default=Pace.tokens)
    parser.add_argument("--interval-ms", type=float, default=Pace.interval)
    parser.add_argument("--first-ms", type=float, default=Pace.first)
    options = parser.parse_args()
    import uvloop

    uvloop.run(serve(options.port, Pace(options.tokens, options.interval_ms, options.first_ms)))


if __name__ == "__main__":
    main()
