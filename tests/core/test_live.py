"""The live socket, through a real server and a real client."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import msgspec
import pytest

from apps.accounts.models import User
from apps.core import live
from apps.core.live import registry
from tests.factories.accounts import UserFactory
from tests.live import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)


class Echo(msgspec.Struct):
    text: str


class Wait(msgspec.Struct):
    seconds: float


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Commands of the tests' own, gone afterwards."""
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

    yield


@pytest.fixture
def person(transactional_db: None) -> User:
    return UserFactory()


async def test_answers_with_the_same_ref(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        answer = await tab.ask({"type": "test.echo", "text": "bonjour"})
    assert answer["type"] == "test.echoed"
    assert answer["text"] == "bonjour"
    assert answer["thread"].startswith("db")
