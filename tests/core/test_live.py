"""The live socket, through a real server and a real client."""

from __future__ import annotations

import asyncio
import json
import threading
import time
from contextlib import suppress
from datetime import timedelta

import msgspec
import pytest
import websockets
from django.contrib.sessions.models import Session
from django.utils import timezone
from django.utils.translation import get_language

from apps.accounts.models import User
from apps.core import db, live
from apps.core.live import registry
from apps.core.live.connection import Connection
from apps.core.live.consumer import BURST, MAX_AT_ONCE
from apps.core.live.session import session_group
from tests.factories.accounts import UserFactory
from tests.live import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)


class Echo(msgspec.Struct):
    text: str


class Wait(msgspec.Struct):
    seconds: float


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> None:
    """Commands that belong to the tests, removed afterwards."""
    monkeypatch.setattr(registry, "_commands", dict(registry._commands))

    @live.command("test.echo", frame=Echo, capability=None)
    def echo(user: User, frame: Echo) -> live.Reply:
        return live.Reply({"type": "test.echoed", "text": frame.text, "thread": threading.current_thread().name})

    @live.command("test.wait", frame=Wait, capability=None)
    def wait(user: User, frame: Wait) -> live.Reply:
        time.sleep(frame.seconds)
        return live.Reply({"type": "test.waited"})

    @live.command("test.break", frame=Echo, capability=None)
    def fail(user: User, frame: Echo) -> live.Reply:
        raise RuntimeError("a secret detail")

    @live.command("test.refuse", frame=Echo, capability=None)
    def refuse(user: User, frame: Echo) -> live.Reply:
        raise live.LiveError("not_today", "Not today.", hint=frame.text)

    @live.command("test.locked", frame=Echo, capability="chat.use")
    def locked(user: User, frame: Echo) -> live.Reply:
        raise AssertionError("The gate let somebody through who has no right.")


@pytest.fixture
def person(transactional_db: None) -> User:
    return UserFactory()


async def test_answers_with_the_same_ref(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        answer = await tab.ask({"type": "test.echo", "text": "bonjour"})
    assert answer["type"] == "test.echoed"
    assert answer["text"] == "bonjour"
    assert answer["thread"].startswith("db")


# What should not be sent -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        ("not json", "bad_frame"),
        ("[]", "bad_frame"),
        ("null", "bad_frame"),
        ('{"ref": "1"}', "bad_frame"),
        ('{"type": 5}', "bad_frame"),
        (b'{"type": "test.echo", "text": "bytes"}', "not_text"),
        ('{"type": "test.unknown"}', "unknown_type"),
        ('{"type": "test.echo"}', "bad_frame"),
        ('{"type": "test.echo", "text": 5}', "bad_frame"),
        ('{"type": "hello"}', "unknown_type"),
        ('{"type": "live.push", "frame": {}}', "unknown_type"),
        ('{"type": "test.echo", "text": "' + "x" * 200_000 + '"}', "too_large"),
    ],
    ids=lambda value: str(value)[:40],
)
async def test_a_bad_frame_gets_a_sentence_and_the_socket_stays(
    live_server_ws: LiveServer, person: User, frame: str | bytes, code: str
) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        await tab.send(frame)
        error = await tab.next("error")
        assert error["code"] == code
        assert error["message"]
        assert (await tab.ask({"type": "test.echo", "text": "still here"}))["text"] == "still here"


async def test_two_megabytes_close_the_socket(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        with suppress(websockets.ConnectionClosed):  # the server does not wait for the end of it
            await tab.send('{"type": "test.echo", "text": "' + "x" * 2_000_000 + '"}')
        assert await tab.closed() == 1009


async def test_an_error_names_the_frame_it_answers(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        error = await tab.ask({"type": "test.refuse", "text": "tomorrow"})
    assert error == {"type": "error", "code": "not_today", "message": "Not today.", "hint": "tomorrow", "ref": error["ref"]}


async def test_a_broken_command_tells_nothing_about_itself(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        error = await tab.ask({"type": "test.break", "text": ""})
        assert error["code"] == "server_error"
        assert "secret" not in json.dumps(error)
        assert (await tab.ask({"type": "test.echo", "text": "still here"}))["text"] == "still here"


async def test_without_the_right_the_command_is_not_run(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        error = await tab.ask({"type": "test.locked", "text": ""})
    assert error["code"] == "locked"
    assert error["capability"] == "chat.use"
    assert error["message"]


async def test_a_flood_is_refused_and_then_forgiven(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        for number in range(BURST * 3):
            await tab.send({"type": "test.echo", "text": str(number)})
        answers = [await tab.receive() for _ in range(BURST * 3)]
        refused = [answer for answer in answers if answer["type"] == "error"]
        assert {answer["code"] for answer in refused} == {"too_many"}
        assert len(refused) >= BURST
        await asyncio.sleep(0.2)
        assert (await tab.ask({"type": "test.echo", "text": "calm"}))["text"] == "calm"


async def test_only_so_many_commands_at_once(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        for _ in range(20):
            await tab.send({"type": "test.wait", "seconds": 0.3})
        answers = [await tab.receive() for _ in range(20)]
    assert [answer["type"] for answer in answers].count("test.waited") == MAX_AT_ONCE
    assert [answer["type"] for answer in answers].count("error") == 20 - MAX_AT_ONCE


async def test_a_slow_command_does_not_delay_the_next(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        await tab.send({"type": "test.wait", "seconds": 1.0, "ref": "slow"})
        started = time.monotonic()
        await tab.ask({"type": "test.echo", "text": "quick"})
        assert time.monotonic() - started < 0.5
        assert (await tab.until(lambda frame: frame.get("ref") == "slow"))["type"] == "test.waited"


# Who may open a socket -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "origin",
    [
        "https://127.0.0.1:{port}",
        "http://127.0.0.1:1",
        "http://127.0.0.1",
        "http://localhost:{port}",
        "http://127.0.0.1:{port}.evil.example",
        "http://evil.example",
        "null",
        "",
        None,
    ],
)
async def test_another_origin_is_refused(live_server_ws: LiveServer, person: User, origin: str | None) -> None:
    session = await live_server_ws.sign_in(person)
    told = origin.format(port=live_server_ws.port) if origin is not None else None
    with pytest.raises(websockets.InvalidStatus) as refused:
        async with live_server_ws.tab(session, origin=told):
            pass
    assert refused.value.response.status_code == 403


async def test_two_origins_are_refused(live_server_ws: LiveServer, person: User) -> None:
    session = await live_server_ws.sign_in(person)
    with pytest.raises(websockets.InvalidStatus):
        async with live_server_ws.tab(session, headers={"Origin": "http://evil.example"}):
            pass


@pytest.mark.parametrize("session", [None, "", "made-up-session-key-of-thirty-two"])
async def test_without_a_session_the_socket_closes_with_a_code_of_its_own(
    live_server_ws: LiveServer, session: str | None
) -> None:
    async with live_server_ws.tab(session, greeted=False) as tab:
        assert await tab.closed() == 4401


async def test_an_expired_session_is_none(live_server_ws: LiveServer, person: User) -> None:
    session = await live_server_ws.sign_in(person)
    await db.run(Session.objects.update, expire_date=timezone.now() - timedelta(seconds=1))
    async with live_server_ws.tab(session, greeted=False) as tab:
        assert await tab.closed() == 4401


# Rights that go away ---------------------------------------------------------------------------------------------------


async def test_an_ended_session_closes_the_socket_at_the_next_command(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        await db.run(lambda: Session.objects.all().delete())
        await tab.send({"type": "test.echo", "text": "?"})
        assert await tab.closed() == 4401


async def test_an_ended_session_closes_its_tabs_and_no_others_once_told(live_server_ws: LiveServer, person: User) -> None:
    first, second = await live_server_ws.sign_in(person), await live_server_ws.sign_in(person)
    async with live_server_ws.tab(first) as ended, live_server_ws.tab(second) as other:
        await db.run(lambda: Session.objects.filter(pk=first).delete())
        live.push(session_group(first), {"type": "session.ended"})
        assert await ended.closed() == 4401
        assert (await other.ask({"type": "test.echo", "text": "still here"}))["text"] == "still here"


async def test_a_deactivated_person_is_signed_out(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        await db.run(User.objects.filter(pk=person.pk).update, is_active=False)
        await tab.send({"type": "test.echo", "text": "?"})
        assert await tab.closed() == 4401


async def test_a_new_password_signs_out(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        await db.run(User.objects.filter(pk=person.pk).update, password="another")
        live.push(live.user_group(person.pk), {"type": "access.changed"})
        assert await tab.closed() == 4401


async def test_a_lost_right_closes_what_it_opened_and_says_why(
    live_server_ws: LiveServer, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    allowed = {"chat.use"}

    def gate(user: User, capability: str) -> live.LiveError | None:
        return None if capability in allowed else live.LiveError("locked", "Take the course first.", capability=capability)

    monkeypatch.setattr(registry, "_gate", gate)
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def follow(connection: Connection) -> None:
        try:
            while True:
                await connection.send({"type": "test.tick"})
                await asyncio.sleep(0.02)
        finally:
            loop.call_soon_threadsafe(ended.set)

    @live.command("test.follow", frame=Echo, capability="chat.use")
    def start(user: User, frame: Echo) -> live.Reply:
        return live.Reply({"type": "test.following"}, then=follow, key="test:1")

    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        assert (await tab.ask({"type": "test.follow", "text": ""}))["type"] == "test.following"
        await tab.next("test.tick")
        allowed.clear()
        live.push(live.user_group(person.pk), {"type": "access.changed"})
        closed = await tab.next("closed")
        assert closed["key"] == "test:1"
        assert closed["message"] == "Take the course first."
        await asyncio.wait_for(ended.wait(), 5)
        assert (await tab.ask({"type": "test.follow", "text": ""}))["code"] == "locked"
        assert (await tab.ask({"type": "test.echo", "text": "open"}))["text"] == "open"


# Pushes ----------------------------------------------------------------------------------------------------------------


async def test_a_push_reaches_all_tabs_of_one_person_only(live_server_ws: LiveServer, person: User) -> None:
    somebody_else = await db.run(UserFactory)
    session = await live_server_ws.sign_in(person)
    async with (
        live_server_ws.tab(session) as first,
        live_server_ws.tab(session) as second,
        live_server_ws.tab(await live_server_ws.sign_in(somebody_else)) as foreign,
    ):
        await db.run(live.push, live.user_group(person.pk), {"type": "test.news", "n": 1})
        assert (await first.next("test.news"))["n"] == 1
        assert (await second.next("test.news"))["n"] == 1
        assert await foreign.silent()


async def test_pushes_arrive_in_order(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        for number in range(50):
            live.push(live.user_group(person.pk), {"type": "test.news", "n": number})
        assert [(await tab.next("test.news"))["n"] for _ in range(50)] == list(range(50))


# Clients that do not read ----------------------------------------------------------------------------------------------


async def test_a_client_that_does_not_read_is_dropped_with_little_waiting(
    live_server_ws: LiveServer, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.core.live.connection.SEND_SECONDS", 0.5)
    monkeypatch.setattr("apps.server.web.UNREAD_SECONDS", 0.8)
    most_waiting = 0

    async def pour(connection: Connection) -> None:
        nonlocal most_waiting
        for _ in range(400):
            await connection.send({"type": "test.drop", "text": "x" * 65_536})
            most_waiting = max(most_waiting, *(one.transport.get_write_buffer_size() for one in live_server_ws.connections))

    @live.command("test.pour", frame=Echo, capability=None)
    def start(user: User, frame: Echo) -> live.Reply:
        return live.Reply({"type": "test.pouring"}, then=pour)

    session = await live_server_ws.sign_in(person)
    async with (
        live_server_ws.tab(session, max_queue=1, ping_interval=None, close_timeout=0.1) as slow,
        live_server_ws.tab(session) as other,
    ):
        await slow.send({"type": "test.pour", "text": ""})
        started = time.monotonic()
        async with asyncio.timeout(10):
            while len(live_server_ws.connections) > 1:
                # Nobody else notices.
                await other.ask({"type": "test.echo", "text": "quick"})
                await asyncio.sleep(0.05)
        assert time.monotonic() - started < 5
    assert 0 < most_waiting < 400_000


async def test_a_client_that_leaves_its_pushes_unread_is_dropped(
    live_server_ws: LiveServer, person: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("apps.server.web.UNREAD_SECONDS", 0.8)
    async with live_server_ws.tab(await live_server_ws.sign_in(person), max_queue=1, ping_interval=None, close_timeout=0.1):
        async with asyncio.timeout(15):
            while live_server_ws.connections:
                live.push(live.user_group(person.pk), {"type": "test.news", "text": "x" * 65_536})
                await asyncio.sleep(0.002)


async def test_what_a_tab_opened_ends_with_it(live_server_ws: LiveServer, person: User) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()

    async def follow(connection: Connection) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            loop.call_soon_threadsafe(ended.set)

    @live.command("test.follow", frame=Echo, capability=None)
    def start(user: User, frame: Echo) -> live.Reply:
        return live.Reply({"type": "test.following"}, then=follow, key="test:1")

    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        await tab.ask({"type": "test.follow", "text": ""})
    await asyncio.wait_for(ended.wait(), 5)


async def test_speaks_the_language_the_person_chose(live_server_ws: LiveServer, person: User) -> None:
    @live.command("test.language", frame=Echo, capability=None)
    def language(user: User, frame: Echo) -> live.Reply:
        return live.Reply({"type": "test.language", "language": get_language()})

    french = await db.run(UserFactory, language="fr")
    headers = {"Accept-Language": "fr-CH, en;q=0.8"}
    users: list[tuple[User, str]] = [(person, "fr"), (french, "fr")]
    for user, expected in users:
        async with live_server_ws.tab(await live_server_ws.sign_in(user), headers=headers) as tab:
            assert (await tab.ask({"type": "test.language", "text": ""}))["language"] == expected
    english = await db.run(UserFactory, language="en")
    async with live_server_ws.tab(await live_server_ws.sign_in(english), headers=headers) as tab:
        assert (await tab.ask({"type": "test.language", "text": ""}))["language"] == "en"
