"""How long the pages that are opened most take with 15,000 people and half a year of use, and how many queries they send.

On SQLite, over HTTP, in one real process, one request at a time: home, a lesson and a conversation as a learner; the learners of
a course, the people and one person as an administrator. `<page>_p95_ms`: from sending until the last byte, over 200 requests
after a warm-up. `<page>_queries`: counted in another process, for the same page and session. `<page>_rows`: the rows
from which the page makes its list or its figures. `--people N` takes fewer people.
"""

from __future__ import annotations

import asyncio
import json
import time

import aiohttp

from .server import Server

PEOPLE = 15_000
WARM_UP, REQUESTS = 20, 200


async def _p95_ms(session: aiohttp.ClientSession, url: str, headers: dict[str, str]) -> float:
    took = []
    for number in range(WARM_UP + REQUESTS):
        started = time.perf_counter()
        async with session.get(url, headers=headers, allow_redirects=False) as answer:
            await answer.read()
            if answer.status != 200:
                raise RuntimeError(f"{url} says {answer.status}.")
        if number >= WARM_UP:
            took.append(time.perf_counter() - started)
    return round(sorted(took)[int(len(took) * 0.95)] * 1000, 1)


async def measure(*, people: int = PEOPLE) -> dict[str, int | float]:
    """Return the figures, page by page."""
    figures: dict[str, int | float] = {"people": people}
    async with (
        Server(users=0, people=people) as server,
        aiohttp.ClientSession(cookie_jar=aiohttp.DummyCookieJar()) as session,
    ):
        times = {}
        for name, page in server.pages.items():
            headers = {"Cookie": f"sessionid={page['session']}"}
            times[name] = await _p95_ms(session, server.base_url + page["path"], headers)
        queries = await asyncio.to_thread(server.seed, "--queries", json.dumps(server.pages))
        for name, page in server.pages.items():
            figures |= {f"{name}_p95_ms": times[name], f"{name}_queries": queries[name], f"{name}_rows": page["rows"]}
    return figures
