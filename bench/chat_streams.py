"""Chat answers streaming at once to as many people, against the upstream called directly in the same run.

Each person has a socket and a conversation; all send a message at the same moment. Everything is on: session and capability
checks, storage, encryption, the ledger. `wall` ends with the last end frame; `first` is from sending to the first word; `delay`
is how much later than the upstream's own schedule each word arrived (counted from sending). A stream fails if it is refused, ends
badly, or loses or doubles a word.
"""

from __future__ import annotations

import asyncio
import json
import statistics
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import aiohttp
import uvloop

from .server import Server
from .upstream import Pace, running

Socket = aiohttp.ClientWebSocketResponse
COUNTS = (1, 20, 100, 200, 500)
ROUNDS = {500: 2}
USUAL_ROUNDS = 3
TOKENS, INTERVAL_MS, FIRST_MS = 60, 20, 50
WORDS = [str(number) for number in range(TOKENS)]
PATIENCE_S = 60


@dataclass
class Stream:
    """What one reader saw: seconds to the first word, seconds each word was late, whether all was well."""

    first: float
    delays: list[float]
    failed: bool


@dataclass
class Round:
    wall: float
    streams: list[Stream]


def _lateness(arrivals: list[tuple[float, int]], started: float) -> list[float]:
    """Return how late each word was; `arrivals` are (moment, words so far)."""
    late, seen = [], 0
    for moment, words in arrivals:
        for number in range(seen, words):
            late.append(moment - started - FIRST_MS / 1000 - number * INTERVAL_MS / 1000)
        seen = words
    return late


async def _direct(session: aiohttp.ClientSession, upstream: str) -> Stream:
    started, text, arrivals = time.perf_counter(), "", []
    body = {"model": "bench", "messages": [{"role": "user", "content": "Bonjour"}], "stream": True}
    async with session.post(f"{upstream}/chat/completions", json=body) as answer:
        async for line in answer.content:
            if line.startswith(b"data: {"):
                choices = json.loads(line[6:])["choices"]
                text += (choices[0]["delta"].get("content") or "") if choices else ""
                arrivals.append((time.perf_counter(), text.count(" ")))
    return Stream(arrivals[0][0] - started, _lateness(arrivals, started), text.split() != WORDS)


async def _through(socket: Socket, conversation: str | None) -> tuple[Stream, str]:
    started, text, arrivals, found = time.perf_counter(), "", [], conversation or ""
    await socket.send_json({"type": "chat.send", "conversation": conversation, "text": "Bonjour", "ref": "1"})
    async with asyncio.timeout(PATIENCE_S):
        async for message in socket:
            frame = json.loads(message.data)
            match frame["type"]:
                case "run.started":
                    found = frame["conversation"]
                case "answer.chunk":
                    text += frame["text"]
                    arrivals.append((time.perf_counter(), text.count(" ")))
                case "answer.end":
                    break
                case "error":
                    return Stream(0, [], True), found
    if not arrivals:
        return Stream(0, [], True), found
    failed = frame.get("state") != "done" or text.split() != WORDS
    return Stream(arrivals[0][0] - started, _lateness(arrivals, started), failed), found


async def _timed(streams: list[asyncio.Task[Stream]]) -> Round:
    started = time.perf_counter()
    done = await asyncio.gather(*streams)
    return Round(time.perf_counter() - started, list(done))


@asynccontextmanager
async def _sockets(session: aiohttp.ClientSession, server: Server, count: int) -> AsyncIterator[list[Socket]]:
    """Open a socket for each of `count` people, spread over the server's processes."""
    opened = []
    processes = len(server.ws_urls)
    for person in range(count):
        process = person % processes
        socket = await session.ws_connect(
            server.ws_urls[process], headers=server.headers(person, process=process), max_msg_size=0
        )
        await socket.receive()  # hello
        opened.append(socket)
    try:
        yield opened
    finally:
        for socket in opened:
            await socket.close()


async def _measure_at(session: aiohttp.ClientSession, server: Server, upstream: str, count: int, rounds: int) -> dict[str, float]:
    """Return the figures for `count` streams at once: direct and through Almia in turn, medians over `rounds`."""
    direct, through = [], []
    async with _sockets(session, server, count) as sockets:
        conversations = []
        for group in range(0, count, 50):
            warm = [_through(socket, None) for socket in sockets[group : group + 50]]
            conversations += [conversation for _, conversation in await asyncio.gather(*warm)]
        await asyncio.sleep(0.5)
        for _ in range(rounds):
            direct.append(await _timed([asyncio.create_task(_direct(session, upstream)) for _ in range(count)]))
            await asyncio.sleep(0.3)

            async def one(socket: Socket, conversation: str) -> Stream:
                return (await _through(socket, conversation))[0]

            pairs = zip(sockets, conversations, strict=True)
            through.append(await _timed([asyncio.create_task(one(*pair)) for pair in pairs]))
            await asyncio.sleep(0.5)
    streams = [stream for done in through for stream in done.streams]
    good = [stream for stream in streams if not stream.failed]
    delays = sorted(delay for stream in good for delay in stream.delays)
    return {
        "direct_wall_s": round(statistics.median(done.wall for done in direct), 3),
        "wall_s": round(statistics.median(done.wall for done in through), 3),
        "wall_ratio": round(statistics.median(b.wall / a.wall for a, b in zip(direct, through, strict=True)), 3),
        "first_p50_ms": round(statistics.median(stream.first for stream in good) * 1000) if good else -1,
        "delay_p95_ms": round(delays[int(len(delays) * 0.95)] * 1000) if delays else -1,
        "failed": len(streams) - len(good),
    }


async def _measure() -> dict[str, float]:
    figures: dict[str, float] = {}
    connector = aiohttp.TCPConnector(limit=0)
    with running(Pace(TOKENS, INTERVAL_MS, FIRST_MS)) as own:
        upstream = own.base_url
        async with aiohttp.ClientSession(connector=connector) as session:
            async with Server(users=max(COUNTS), upstream=upstream) as server:
                for count in COUNTS:
                    found = await _measure_at(session, server, upstream, count, ROUNDS.get(count, USUAL_ROUNDS))
                    figures |= {f"n{count}_{name}": value for name, value in found.items()}
            alone = figures["n100_wall_s"]
            async with Server(users=100, upstream=upstream, redis=True) as server:
                found = await _measure_at(session, server, upstream, 100, USUAL_ROUNDS)
                figures["redis_ratio"] = round(found["wall_s"] / alone, 3)
            walls = []
            for processes in (1, 2):
                async with Server(users=100, upstream=upstream, database="postgres", redis=True, processes=processes) as server:
                    found = await _measure_at(session, server, upstream, 100, USUAL_ROUNDS)
                    walls.append(found["wall_s"])
            figures["two_process_ratio"] = round(walls[1] / walls[0], 3)
    return figures


async def measure() -> dict[str, float]:
    """Run on uvloop: the client shares the machine with the server and must cost little."""
    return await asyncio.to_thread(uvloop.run, _measure())
