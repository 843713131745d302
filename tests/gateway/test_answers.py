"""The engine of answers, with a kind that keeps them in memory: a real upstream, real streams, real connections."""

from __future__ import annotations

import asyncio
import json
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from apps.core import lifespan
from apps.core.live.connection import Connection
from apps.core.streams import close_streams, get_streams
from apps.gateway import answers
from apps.gateway.answers import Answer, Kind, Plan
from apps.gateway.clients import close_clients
from apps.gateway.enums import AnswerState
from apps.gateway.tasks import interrupt_lost_answers
from bench.upstream import Running
from tests.factories.gateway import make_call

WORDS = [str(number) for number in range(20)]
SLOW = "tokens=400,interval=10,first=10"


@dataclass
class Shelf:
    """Where the tests' answers are stored, and what is to go wrong with them."""

    kept: list[tuple[str, int]] = field(default_factory=list)
    ended: dict[uuid.UUID, Answer] = field(default_factory=dict)
    asked_to_stop: set[uuid.UUID] = field(default_factory=set)
    lost: list[datetime | None] = field(default_factory=list)
    away: dict[str, int] = field(default_factory=dict)  # how many more times each hook fails
    when_ended: list[int] = field(default_factory=list)  # how many final frames had been sent when it was stored
    frames: list[dict[str, Any]] = field(default_factory=list)

    def _reach(self, hook: str) -> None:
        if self.away.get(hook, 0) > 0:
            self.away[hook] -= 1
            raise OperationalError("the database is away")

    def keep(self, *, plan: Plan, text: str, seq: int) -> bool:
        self._reach("keep")
        self.kept.append((text, seq))
        return plan.id in self.asked_to_stop

    def end(self, *, plan: Plan, answer: Answer) -> dict[str, Any]:
        self._reach("end")
        self.when_ended.append(sum(frame["type"] == "answer.end" for frame in self.frames))
        self.ended[plan.id] = answer
        return {"own": "told"}

    def interrupt_lost(self, *, silent_since: datetime | None) -> int:
        self.lost.append(silent_since)
        return 2

    def stored(self, answer_id: uuid.UUID) -> Answer | None:
        return self.ended.get(answer_id)


@pytest.fixture
def shelf() -> Shelf:
    return Shelf()


@pytest.fixture
def kind(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> Kind[Plan]:
    monkeypatch.setattr(answers, "_kinds", {})
    return Kind("note", keep=shelf.keep, end=shelf.end, interrupt_lost=shelf.interrupt_lost, stored=shelf.stored)


@pytest.fixture(autouse=True)
async def _loop(monkeypatch: pytest.MonkeyPatch, clients: None) -> AsyncIterator[None]:
    """The test's loop is the server's."""
    monkeypatch.setattr(answers, "server_loop", asyncio.get_running_loop)
    get_streams.cache_clear()
    yield
    await answers.drain()
    get_streams.cache_clear()


class Reader:
    """A connection that follows an answer, and assembles it as the page does."""

    def __init__(self, shelf: Shelf) -> None:
        self.shelf = shelf
        self.text, self.seq = "", 0
        self.end: dict[str, Any] = {}
        self.arrived = asyncio.Event()

    async def take(self, event: dict[str, Any]) -> None:
        frame = json.loads(event["text"])
        self.shelf.frames.append(frame)
        if frame["type"] == "answer.chunk":
            assert frame["after"] == self.seq, "a gap or a double"
            self.text, self.seq = self.text + frame["text"], frame["seq"]
        else:
            self.end = frame
        self.arrived.set()

    async def until(self, words: int | None = None) -> Reader:
        """Wait for some words, or for the end."""
        async with asyncio.timeout(10):
            while not self.end and (words is None or len(self.text.split()) < words):
                self.arrived.clear()
                await self.arrived.wait()
        return self

    @asynccontextmanager
    async def following(self, kind: Kind[Plan], plan: Plan, language: str = "en") -> AsyncIterator[Reader]:
        connection = Connection(self.take, user_id=None)
        reply = kind.reply({}, plan.id, after=self.seq)
        assert reply.key == f"answer:{plan.id}"
        follow = kind.follow(connection, answer_id=plan.id, after=self.seq, language=language)
        connection.open(reply.key, None, follow)
        try:
            yield self
        finally:
            await connection.end()
            await asyncio.sleep(0)


def plan_of(upstream: Running, pace: str = "steady", *, language: str = "en", base: str = "") -> Plan:
    return Plan(id=uuid.uuid4(), language=language, call=make_call(upstream.base_url, pace), base=base)


async def begin(kind: Kind[Plan], plan: Plan) -> None:
    kind.launch(plan)
    await asyncio.sleep(0)
    assert plan.id in answers._open


async def over(plan: Plan) -> None:
    async with asyncio.timeout(10):
        while plan.id in answers._open:  # noqa: ASYNC110  what goes on in other tasks
            await asyncio.sleep(0.005)


async def write(kind: Kind[Plan], shelf: Shelf, plan: Plan) -> Reader:
    """Write an answer to its end and return who read it."""
    await begin(kind, plan)
    async with Reader(shelf).following(kind, plan) as reader:
        return await reader.until()


async def test_an_answer_is_numbered_written_and_told(kind: Kind[Plan], shelf: Shelf, upstream: Running) -> None:
    plan = plan_of(upstream)
    reader = await write(kind, shelf, plan)
    assert reader.text.split() == WORDS
    assert reader.end == {"type": "answer.end", "id": str(plan.id), "seq": reader.seq, "state": "done", "own": "told"}
    assert shelf.ended[plan.id] == Answer(AnswerState.DONE, reader.text, reader.seq)
    assert shelf.when_ended == [0], "It is written before anybody is told."


async def test_three_reconnects_and_a_second_reader_lose_and_double_nothing(
    kind: Kind[Plan], shelf: Shelf, upstream: Running
) -> None:
    plan = plan_of(upstream, "tokens=20,interval=20,first=5")
    await begin(kind, plan)
    reader = Reader(shelf)
    for words in (3, 7, 11):
        async with reader.following(kind, plan):
            await reader.until(words)
        await asyncio.sleep(0.05)  # something is always missed
    async with Reader(shelf).following(kind, plan) as other, reader.following(kind, plan):
        await asyncio.gather(reader.until(), other.until())
    assert reader.text.split() == WORDS
    assert other.text == reader.text


async def test_what_it_continues_is_its_first_chunk(kind: Kind[Plan], shelf: Shelf, upstream: Running) -> None:
    plan = plan_of(upstream, base="so far ")
    reader = await write(kind, shelf, plan)
    assert reader.text.split() == ["so", "far", *WORDS]
    assert shelf.ended[plan.id].text == reader.text


async def test_nobody_need_follow(kind: Kind[Plan], shelf: Shelf, upstream: Running) -> None:
    plan = plan_of(upstream)
    await begin(kind, plan)
    await over(plan)
    assert shelf.ended[plan.id].text.split() == WORDS


@pytest.mark.parametrize(
    ("language", "sentence"),
    [("en", "The model had a problem"), ("fr", "Le modèle a rencontré un problème")],
)
async def test_what_failed_is_said_in_the_language_of_the_plan(
    kind: Kind[Plan], shelf: Shelf, upstream: Running, language: str, sentence: str
) -> None:
    reader = await write(kind, shelf, plan_of(upstream, "500", language=language))
    assert (reader.end["state"], reader.end["code"]) == ("failed", "provider_error")
    assert reader.end["message"].startswith(sentence)


async def test_a_fault_of_ours_is_no_silence(
    kind: Kind[Plan], shelf: Shelf, upstream: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: Any, **kwargs: Any) -> Any:
        raise RuntimeError("ours")

    monkeypatch.setattr(answers, "stream", broken)
    plan = plan_of(upstream)
    reader = await write(kind, shelf, plan)
    assert (reader.end["state"], reader.end["code"]) == ("failed", "provider_error")
    assert shelf.ended[plan.id].state is AnswerState.FAILED


async def test_an_answer_that_was_cut_short_says_so(kind: Kind[Plan], shelf: Shelf, upstream: Running) -> None:
    plan = Plan(id=uuid.uuid4(), language="en", call=make_call(upstream.base_url, max_tokens=5))
    reader = await write(kind, shelf, plan)
    assert (reader.end["state"], reader.end["cut_short"]) == ("done", True)
    assert shelf.ended[plan.id].cut_short


async def test_stopped_here_it_closes_its_request(kind: Kind[Plan], shelf: Shelf, upstream: Running) -> None:
    plan = plan_of(upstream, SLOW)
    before = upstream.stats()["disconnected"]
    await begin(kind, plan)
    async with Reader(shelf).following(kind, plan) as reader:
        await reader.until(3)
        answers.stop(plan.id)
        await reader.until()
    assert reader.end["state"] == "stopped"
    assert shelf.ended[plan.id].text == reader.text
    async with asyncio.timeout(5):
        while upstream.stats()["disconnected"] == before:  # noqa: ASYNC110  another process counts
            await asyncio.sleep(0.01)


async def test_stopped_before_its_first_step_it_still_ends(kind: Kind[Plan], shelf: Shelf, upstream: Running) -> None:
    plan = plan_of(upstream, base="kept ")
    requests = upstream.stats()["requests"]
    kind.launch(plan)
    answers.stop(plan.id)
    await asyncio.sleep(0.01)
    await over(plan)
    assert shelf.ended[plan.id] == Answer(AnswerState.STOPPED, "kept ", 1)
    assert upstream.stats()["requests"] == requests


async def test_what_is_kept_covers_the_chunks_it_names_and_a_stop_from_elsewhere_is_found(
    kind: Kind[Plan], shelf: Shelf, upstream: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "KEEP_SECONDS", 0.03)
    shelf.away["keep"] = 2
    plan = plan_of(upstream, SLOW)
    await begin(kind, plan)
    chunks = [""]
    async with Reader(shelf).following(kind, plan) as reader:
        while len(shelf.kept) < 3:
            await reader.until(len(reader.text.split()) + 1)
        shelf.asked_to_stop.add(plan.id)  # by another process
        await reader.until()
    assert reader.end["state"] == "stopped"
    chunks += get_streams()._buffers[str(plan.id)].chunks
    assert all(text == "".join(chunks[: seq + 1]) for text, seq in shelf.kept)
    assert shelf.away["keep"] == 0, "A database that was away for a moment does not end the keeping."


async def test_an_end_that_cannot_be_written_is_tried_again_before_it_is_told(
    kind: Kind[Plan], shelf: Shelf, upstream: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "FIRST_PAUSE", 0.01)
    shelf.away["end"] = 2
    plan = plan_of(upstream)
    reader = await write(kind, shelf, plan)
    assert reader.end["state"] == "done"
    assert (shelf.away["end"], shelf.when_ended) == (0, [0])
    assert shelf.ended[plan.id].text == reader.text


async def test_a_database_that_stays_away_is_told_as_it_is(
    kind: Kind[Plan], shelf: Shelf, upstream: Running, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(answers, "FIRST_PAUSE", 0.01)
    monkeypatch.setattr(answers, "LONGEST_PAUSE", 0.03)
    shelf.away["end"] = 99
    reader = await write(kind, shelf, plan_of(upstream))
    assert reader.text.split() == WORDS
    assert (reader.end["state"], reader.end["code"]) == ("interrupted", "not_kept"), "Done would be a lie."
    assert "could not be kept" in reader.end["message"]


async def test_a_server_that_stops_writes_and_tells_how_its_answers_ended(
    kind: Kind[Plan], shelf: Shelf, upstream: Running
) -> None:
    plans = [plan_of(upstream, SLOW), plan_of(upstream, SLOW)]
    for plan in plans:
        await begin(kind, plan)
    async with Reader(shelf).following(kind, plans[0]) as reader:
        await reader.until(3)
        await answers.drain()
        assert {shelf.ended[plan.id].state for plan in plans} == {AnswerState.INTERRUPTED}
        await reader.until()
    assert reader.end["state"] == "interrupted"
    assert shelf.ended[plans[0].id].text == reader.text
    assert not answers._open


def test_answers_end_while_there_is_still_something_to_end_them_with() -> None:
    order = [lifespan._shutdown.index(hook) for hook in (answers.drain, close_streams, close_clients)]
    assert order[0] < min(order[1:])


async def test_alone_everything_open_is_lost_and_beside_others_what_shows_no_life(
    kind: Kind[Plan], shelf: Shelf, settings: Any
) -> None:
    settings.REDIS_URL = ""
    await answers._recover()
    assert shelf.lost == [None]
    settings.REDIS_URL = "redis://nowhere"
    await answers._recover()
    assert shelf.lost == [None], "Others may be writing."
    interrupt_lost_answers()
    assert shelf.lost[1] is not None
    assert abs(timezone.now() - answers.LOST_AFTER - shelf.lost[1]).total_seconds() < 5
    assert answers.interrupt_lost() == 2


async def test_without_its_stream_an_answer_is_told_as_it_is_stored(kind: Kind[Plan], shelf: Shelf, upstream: Running) -> None:
    plan = plan_of(upstream)
    shelf.ended[plan.id] = Answer(AnswerState.FAILED, "half", 4, "cut_off", told={"own": "told"})
    async with Reader(shelf).following(kind, plan) as reader:
        await reader.until()
    assert reader.end.pop("message").startswith("The answer was cut off")
    told = {"state": "failed", "code": "cut_off", "own": "told"}
    assert reader.end == {"type": "answer.stored", "id": str(plan.id), "seq": 4, "text": "half", **told}


async def test_of_an_answer_that_was_deleted_nothing_is_told(kind: Kind[Plan], shelf: Shelf, upstream: Running) -> None:
    plan = plan_of(upstream)
    async with Reader(shelf).following(kind, plan):
        await asyncio.sleep(0.02)
    assert shelf.frames == []


async def test_with_many_open_words_gather_in_proportion(monkeypatch: pytest.MonkeyPatch) -> None:
    def with_open(count: int) -> float:
        monkeypatch.setattr(answers, "_open", dict.fromkeys(range(count)))
        return answers._gathering()

    assert [with_open(count) for count in (1, answers.FEW_OPEN)] == [0, 0]
    assert 0 < with_open(50) < with_open(90)
    assert with_open(1000) == answers.LONGEST_GATHERING
    monkeypatch.setattr(answers, "_open", {})


def test_a_kind_has_one_name(kind: Kind[Plan], shelf: Shelf) -> None:
    with pytest.raises(ValueError, match="declared twice"):
        Kind("note", keep=shelf.keep, end=shelf.end, interrupt_lost=shelf.interrupt_lost, stored=shelf.stored)
