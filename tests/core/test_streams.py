"""Numbered streams: whoever reads them, from wherever, however often they come back, gets every chunk once and in order."""

from __future__ import annotations

import asyncio
import random
import subprocess
import sys
import time
import uuid
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
import pytest_asyncio
from django.conf import settings

from apps.core.streams import MemoryStreams, UnknownStream, memory
from apps.core.streams.memory import Batch
from apps.core.streams.redis import RedisStreams

# Redis takes part if the suite was given one (make test-services).
KINDS = ["memory", *(["redis"] if settings.REDIS_URL else [])]
END = {"state": "done"}

Open = Callable[[], MemoryStreams]


@pytest_asyncio.fixture(params=KINDS)
async def open_streams(request: pytest.FixtureRequest) -> AsyncIterator[Open]:
    """Creates the streams of one process each time it is called; in memory there is only one process."""
    opened: list[MemoryStreams] = []

    def open_one() -> MemoryStreams:
        if request.param == "memory":
            if not opened:
                opened.append(MemoryStreams())
            return opened[0]
        opened.append(RedisStreams(settings.REDIS_URL))
        return opened[-1]

    yield open_one
    for streams in opened:
        await streams.close()


@pytest.fixture
def name() -> str:
    return str(uuid.uuid4())


async def read(streams: MemoryStreams, name: str, after: int = 0) -> list[Batch]:
    async with asyncio.timeout(20):
        return [batch async for batch in streams.follow(name, after)]


def chunks(count: int) -> list[str]:
    return [f"<{number}>" for number in range(1, count + 1)]


async def write(streams: MemoryStreams, name: str, texts: list[str], pause: float = 0.0) -> None:
    for text in texts:
        streams.append(name, text)
        if pause:
            await asyncio.sleep(pause)
    streams.finish(name, END)


async def until_known(streams: MemoryStreams, name: str) -> None:
    """Wait until another process's stream can be seen from here."""
    async with asyncio.timeout(10):
        while True:
            try:
                async for _ in streams.follow(name):
                    return
            except UnknownStream:
                await asyncio.sleep(0.01)


async def test_reads_from_the_beginning_and_from_any_number(open_streams: Open, name: str) -> None:
    streams = open_streams()
    streams.begin(name)
    await write(streams, name, chunks(5))
    for after in range(6):
        batches = await read(streams, name, after)
        assert "".join(batch.text for batch in batches) == "".join(chunks(5)[after:])
        assert batches[0].after == after
        assert batches[-1].seq == 5
        assert batches[-1].end == END


@pytest.mark.parametrize("after", [-5, 99])
async def test_a_number_that_cannot_be_is_brought_back_into_the_stream(open_streams: Open, name: str, after: int) -> None:
    streams = open_streams()
    streams.begin(name)
    await write(streams, name, chunks(3))
    text = "".join(batch.text for batch in await read(streams, name, after))
    assert text == ("".join(chunks(3)) if after < 0 else "")


async def test_follows_while_it_is_written(open_streams: Open, name: str) -> None:
    writer, reader = open_streams(), open_streams()
    writer.begin(name)
    writer.append(name, "<0>")
    await until_known(reader, name)
    writing = asyncio.create_task(write(writer, name, chunks(30), pause=0.005))
    batches = await read(reader, name)
    await writing
    assert "".join(batch.text for batch in batches) == "<0>" + "".join(chunks(30))
    assert len(batches) > 1
    assert [batch.after for batch in batches[1:]] == [batch.seq for batch in batches[:-1]], (
        "Each begins where the last one ended."
    )
    assert [batch.end for batch in batches[:-1]] == [None] * (len(batches) - 1)


async def test_three_reconnects_in_one_run_lose_and_double_nothing(open_streams: Open, name: str) -> None:
    writer = open_streams()
    writer.begin(name)
    writer.append(name, "<0>")
    writing = asyncio.create_task(write(writer, name, chunks(60), pause=0.004))
    text, seq = "", 0
    for _ in range(4):
        reader = open_streams()  # each time it may be another process
        await until_known(reader, name)
        taken = 0
        async for batch in reader.follow(name, seq):
            assert batch.after == seq
            text, seq, taken = text + batch.text, batch.seq, taken + 1
            if taken == 3 and batch.end is None:
                break  # the tab is reloaded here
        await asyncio.sleep(0.02)
    async for batch in open_streams().follow(name, seq):
        text += batch.text
    await writing
    assert text == "<0>" + "".join(chunks(60))


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_the_timing_every_reader_gets_the_whole_text(open_streams: Open, name: str, seed: int) -> None:
    chance = random.Random(seed)
    writer = open_streams()
    texts = [chance.choice(["a", "é", "🗝", "\n", "  ", "x" * 50, ""]) for _ in range(200)]
    writer.begin(name)

    async def write_at_random() -> None:
        for text in texts:
            writer.append(name, text)
            if chance.random() < 0.3:
                await asyncio.sleep(chance.random() * 0.004)
        writer.finish(name, END)

    async def read_with_breaks(streams: MemoryStreams) -> str:
        text, seq, ended = "", 0, False
        while not ended:
            left = chance.randint(1, 6)
            async for batch in streams.follow(name, seq):
                assert batch.after == seq
                text, seq, left, ended = text + batch.text, batch.seq, left - 1, batch.end is not None
                if chance.random() < 0.3:
                    await asyncio.sleep(chance.random() * 0.01)  # slow readers, too
                if left == 0:
                    break
        return text

    readers = [open_streams() for _ in range(3)]
    writer.append(name, "")
    for reader in readers:
        await until_known(reader, name)
    async with asyncio.timeout(30):
        _, *read_texts = await asyncio.gather(
            write_at_random(), *(read_with_breaks(reader) for reader in readers for _ in range(2))
        )
    assert read_texts == ["".join(texts)] * 6


async def test_chunks_that_wait_leave_in_one_piece(open_streams: Open, name: str) -> None:
    streams = open_streams()
    streams.begin(name)
    follower = streams.follow(name)
    streams.append(name, "a")
    assert (await anext(follower)).text == "a"
    for text in chunks(100):
        streams.append(name, text)
    assert (await anext(follower)).seq == 101
    await follower.aclose()  # type: ignore[attr-defined]


async def test_what_nobody_began_is_unknown(open_streams: Open, name: str) -> None:
    with pytest.raises(UnknownStream):
        await read(open_streams(), name)


async def test_a_stream_is_begun_once_and_ends_once(open_streams: Open, name: str) -> None:
    streams = open_streams()
    streams.begin(name)
    with pytest.raises(ValueError, match="exists"):
        streams.begin(name)
    streams.append(name, "a")
    streams.finish(name, END)
    streams.finish(name, {"state": "another"})
    with pytest.raises(ValueError, match="ended"):
        streams.append(name, "b")
    assert (await read(streams, name))[-1].end == END


async def test_a_finished_stream_is_kept_ten_minutes_and_then_forgotten(
    open_streams: Open, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = open_streams()
    clock = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    monkeypatch.setattr(memory, "SWEEP_SECONDS", 0)
    streams.begin(name)
    await write(streams, name, chunks(3))
    still_running = str(uuid.uuid4())
    streams.begin(still_running)
    clock += 599
    streams.begin(str(uuid.uuid4()))
    assert streams.knows(name)
    clock += 2
    streams.begin(str(uuid.uuid4()))
    assert not streams.knows(name)
    assert streams.knows(still_running), "What is being written is never forgotten."


async def test_a_stream_that_is_being_read_is_not_forgotten(
    open_streams: Open, name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    streams = open_streams()
    clock = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: clock)
    monkeypatch.setattr(memory, "SWEEP_SECONDS", 0)
    streams.begin(name)
    streams.append(name, "a")
    follower = streams.follow(name)
    await anext(follower)
    streams.finish(name, END)
    clock += 1000
    streams.begin(str(uuid.uuid4()))
    assert streams.knows(name)
    assert (await anext(follower)).end == END
    await follower.aclose()  # type: ignore[attr-defined]
    streams.begin(str(uuid.uuid4()))
    assert not streams.knows(name)


async def test_a_reader_that_leaves_frees_its_place(open_streams: Open, name: str) -> None:
    streams = open_streams()
    streams.begin(name)

    async def follow() -> None:
        async for _ in streams.follow(name):
            pass

    for _ in range(20):
        task = asyncio.create_task(follow())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    await asyncio.sleep(0.05)
    buffer = streams._buffers[name]
    assert buffer.waiting == []
    assert buffer.readers == 0


if settings.REDIS_URL:

    async def test_another_process_follows(name: str) -> None:
        """Two real processes: this one writes, that one reads."""
        program = (
            "import asyncio, sys\n"
            "from apps.core.streams.redis import RedisStreams\n"
            "from apps.core.streams import UnknownStream\n"
            "async def main():\n"
            "    streams, text, seq = RedisStreams(sys.argv[1]), '', 0\n"
            "    print('ready', flush=True)\n"
            "    while True:\n"
            "        try:\n"
            "            async for batch in streams.follow(sys.argv[2], seq):\n"
            "                assert batch.after == seq\n"
            "                text, seq = text + batch.text, batch.seq\n"
            "            break\n"
            "        except UnknownStream:\n"
            "            await asyncio.sleep(0.01)\n"
            "    print(text, end='', flush=True)\n"
            "    await streams.close()\n"
            "asyncio.run(main())\n"
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-c", program, settings.REDIS_URL, name, cwd=settings.BASE_DIR, stdout=subprocess.PIPE
        )
        assert process.stdout is not None
        assert (await process.stdout.readline()).strip() == b"ready"
        streams = RedisStreams(settings.REDIS_URL)
        streams.begin(name)
        await write(streams, name, chunks(100), pause=0.003)
        printed = await asyncio.wait_for(process.stdout.read(), 20)
        await process.wait()
        await streams.close()
        assert printed.decode() == "".join(chunks(100))

    async def test_many_chunks_share_a_round_trip(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
        streams = RedisStreams(settings.REDIS_URL)
        trips = 0
        build = streams._redis.pipeline

        def counted(*args: object, **kwargs: object) -> object:
            nonlocal trips
            trips += 1
            return build(*args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(streams._redis, "pipeline", counted)
        names = [f"{name}-{number}" for number in range(50)]
        for each in names:
            streams.begin(each)
        for text in chunks(40):
            for each in names:
                streams.append(each, text)
        for each in names:
            streams.finish(each, END)
        await streams.close()
        assert trips < 20, "2,000 chunks need not be 2,000 round trips."
        other = RedisStreams(settings.REDIS_URL)
        for each in names[:3]:
            assert "".join(batch.text for batch in await read(other, each)) == "".join(chunks(40))
        await other.close()

    async def test_while_redis_is_away_readers_here_go_on_and_the_others_catch_up(
        name: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        from redis.exceptions import ConnectionError as RedisAway

        writer, reader = RedisStreams(settings.REDIS_URL), RedisStreams(settings.REDIS_URL)
        away = True
        execute = type(writer._redis.pipeline()).execute

        async def flaky(self: object, *args: object, **kwargs: object) -> object:
            if away:
                raise RedisAway("away")
            return await execute(self, *args, **kwargs)  # type: ignore[arg-type]

        monkeypatch.setattr(type(writer._redis.pipeline()), "execute", flaky)
        writer.begin(name)
        local = asyncio.create_task(read(writer, name))
        await write(writer, name, chunks(20), pause=0.01)
        assert "".join(batch.text for batch in await local) == "".join(chunks(20))
        away = False
        await until_known(reader, name)
        assert "".join(batch.text for batch in await read(reader, name)) == "".join(chunks(20))
        await writer.close()
        await reader.close()

    async def test_a_hole_is_told_and_not_papered_over(name: str) -> None:
        writer, reader = RedisStreams(settings.REDIS_URL), RedisStreams(settings.REDIS_URL)
        writer.begin(name)
        writer.append(name, "a")
        await until_known(reader, name)
        length: Any = await writer._redis.xlen(f"almia:stream:{name}")
        writer.append(name, "b")
        await asyncio.sleep(0.1)
        entries: Any = await writer._redis.xrange(f"almia:stream:{name}")
        for entry_id, _ in entries[length:]:
            await writer._redis.xdel(f"almia:stream:{name}", entry_id)
        late = RedisStreams(settings.REDIS_URL)
        follower = late.follow(name)
        assert (await anext(follower)).text == "a"
        writer.append(name, "c")
        with pytest.raises(UnknownStream):
            await anext(follower)
        for streams in (writer, reader, late):
            await streams.close()

    async def test_redis_forgets_by_itself(name: str) -> None:
        streams = RedisStreams(settings.REDIS_URL)
        streams.begin(name)
        await asyncio.sleep(0.1)
        assert 0 < await streams._redis.ttl(f"almia:stream:{name}") <= 3600
        streams.finish(name, END)
        await asyncio.sleep(0.1)
        assert 0 < await streams._redis.ttl(f"almia:stream:{name}") <= 600
        await streams.close()

    async def test_a_reading_process_lets_go_of_what_nobody_follows(name: str) -> None:
        writer, reader = RedisStreams(settings.REDIS_URL), RedisStreams(settings.REDIS_URL)
        writer.begin(name)
        writer.append(name, "a")
        await until_known(reader, name)
        await asyncio.sleep(1.5)
        assert not reader.knows(name)
        writer.append(name, "b")
        writer.finish(name, END)
        await asyncio.sleep(0.1)
        assert "".join(batch.text for batch in await read(reader, name)) == "ab"
        await writer.close()
        await reader.close()
