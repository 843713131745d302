"""Fifty learners hand in the quiz that was all they lacked at the same moment, and the chat opens in their open tab.

On SQLite in one process; with DATABASE_URL, on PostgreSQL and Redis in two. Each learner has a session, an open socket and the
page before handing in; rounds of fifty. In the first, they hand in one after the other: `alone_p50_ms`, the cost of a submission
if nobody waits for another. Then all at once: `p95_ms`, a submission, from sending to its redirect, and `p95_ratio`, the same
divided by fifty times the first figure (below 1 if processes share the work). `unlock_p95_ms`: from sending until a command that
needs chat.use, sent when the socket reports the change, is let in. In a last round each hands in twice at once.
`doubled`: awards and certificates that somebody has twice. `lost`: learners without one of them, or whose chat stayed closed.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import time
import uuid
from dataclasses import dataclass

import aiohttp

from .server import Server

AT_ONCE, ROUNDS = 50, 6
PATIENCE_S = 30
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


@dataclass
class Learner:
    """Somebody about to hand in, at one of the server's processes."""

    base_url: str
    attempt: str
    headers: dict[str, str]
    socket: aiohttp.ClientWebSocketResponse
    token: str = ""


@dataclass
class Seen:
    """Seconds of the submission and until the chat was open; None if it did not open."""

    submission: float
    unlock: float | None


async def _arrive(session: aiohttp.ClientSession, server: Server, number: int) -> Learner:
    """Open the socket and the page from which learner `number` hands in."""
    process = number % len(server.base_urls)
    headers = server.headers(number, process=process)
    socket = await session.ws_connect(server.ws_urls[process], headers=headers)
    await socket.receive()  # hello
    learner = Learner(server.base_urls[process], server.attempts[number], headers, socket)
    async with session.get(f"{learner.base_url}/learn/attempts/{learner.attempt}/review/", headers=headers) as page:
        found = TOKEN.search(await page.text())
        if page.status != 200 or found is None:
            raise RuntimeError(f"The page before handing in says {page.status}.")
        learner.token = found[1]
        learner.headers = {**headers, "Cookie": f"{headers['Cookie']}; csrftoken={page.cookies['csrftoken'].value}"}
    return learner


async def _submit(session: aiohttp.ClientSession, learner: Learner) -> float:
    started = time.perf_counter()
    async with session.post(
        f"{learner.base_url}/learn/attempts/{learner.attempt}/submit/",
        data={"csrfmiddlewaretoken": learner.token},
        headers=learner.headers,
        allow_redirects=False,
    ) as answer:
        await answer.read()
        if answer.status != 302 or not answer.headers["Location"].endswith("/result/"):
            raise RuntimeError(f"Handing in ended with {answer.status}: {answer.headers.get('Location')}")
    return time.perf_counter() - started


async def _open_chat(learner: Learner) -> float:
    """Return the seconds until the socket has reported the change and lets in what needs chat.use."""
    started = time.perf_counter()
    async for message in learner.socket:
        frame = json.loads(message.data)
        if frame["type"] == "access.changed":
            await learner.socket.send_json({"type": "chat.stop", "run": str(uuid.uuid4()), "ref": "1"})
        elif frame.get("ref") == "1" and frame.get("code") == "not_found":  # let in, and told that there is no such run
            return time.perf_counter() - started
    raise RuntimeError("The socket was closed.")


async def _hand_in(session: aiohttp.ClientSession, learner: Learner, *, times: int) -> Seen:
    opened = asyncio.create_task(_open_chat(learner))
    submissions = await asyncio.gather(*(_submit(session, learner) for _ in range(times)))
    try:
        return Seen(submissions[0], await asyncio.wait_for(opened, PATIENCE_S))
    except TimeoutError:
        return Seen(submissions[0], None)


async def _round(session: aiohttp.ClientSession, server: Server, number: int) -> list[Seen]:
    people = range(number * AT_ONCE, (number + 1) * AT_ONCE)
    learners = await asyncio.gather(*(_arrive(session, server, person) for person in people))
    await asyncio.sleep(1)
    if number == 0:
        seen = [await _hand_in(session, learner, times=1) for learner in learners]
    else:
        times = 2 if number == ROUNDS - 1 else 1
        seen = await asyncio.gather(*(_hand_in(session, learner, times=times) for learner in learners))
    for learner in learners:
        await learner.socket.close()
    return seen


def _p95(seconds: list[float]) -> int:
    return round(sorted(seconds)[int(len(seconds) * 0.95)] * 1000)


async def measure() -> dict[str, int | float]:
    """Return the figures; the round in which each hands in twice counts only in `doubled` and `lost`."""
    postgres = bool(os.environ.get("DATABASE_URL"))
    server = Server(
        users=0,
        learners=AT_ONCE * ROUNDS,
        database="postgres" if postgres else "sqlite",
        redis=postgres,
        processes=2 if postgres else 1,
    )
    async with (
        server,
        aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0), cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        rounds = [await _round(session, server, number) for number in range(ROUNDS)]
        proofs = await asyncio.to_thread(server.seed, "--proofs")
    counts = [list(proofs[kind].values()) for kind in ("awards", "certificates")]
    alone = sorted(seen.submission for seen in rounds[0])[AT_ONCE // 2]
    told = [seen for each in rounds[1:-1] for seen in each]
    p95 = _p95([seen.submission for seen in told])
    closed = sum(seen.unlock is None for each in rounds for seen in each)
    return {
        "alone_p50_ms": round(alone * 1000, 1),
        "p95_ms": p95,
        "p95_ratio": round(p95 / (AT_ONCE * alone * 1000), 2),
        "unlock_p95_ms": _p95([seen.unlock if seen.unlock is not None else PATIENCE_S for seen in told]),
        "doubled": sum(max(count - 1, 0) for kind in counts for count in kind),
        "lost": sum(AT_ONCE * ROUNDS - len(kind) for kind in counts) + closed,
    }
