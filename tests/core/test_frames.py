"""Malformed frames: each is answered at once, by its `ref` if that can be read."""

from __future__ import annotations

import json
import logging
from typing import Any

import msgspec
import pytest

from apps.accounts.models import User
from apps.core import live
from apps.core.live import frames, registry
from apps.core.live.consumer import BURST, MAX_FRAME_CHARACTERS
from tests.factories.accounts import UserFactory
from tests.live import LiveServer, Tab


class Said(msgspec.Struct):
    text: str
    number: int = 0


@pytest.fixture(autouse=True)
def commands(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(registry, "_commands", dict(registry._commands))

    @live.command("test.say", frame=Said, capability=None)
    def say(user: User, frame: Said) -> live.Reply:
        return live.Reply({"type": "test.said", "text": frame.text})


@pytest.mark.parametrize(
    ("sent", "ref"),
    [
        ('{"type": 5, "ref": "r1"}', "r1"),
        ('{"ref": "r1"}', "r1"),
        ('{"ref": "r1", "type": null}', "r1"),
        ('{"type": "x", "ref": "first", "ref": "last"}', "last"),
        ('{"type": "x", "ref": "' + "r" * frames.MAX_REF + '"}', "r" * frames.MAX_REF),
        ('{"type": "x", "ref": "' + "r" * (frames.MAX_REF + 1) + '"}', None),
        ('{"type": "x", "ref": 5}', None),
        ('{"type": "x", "ref": ["r1"]}', None),
        ('{"type": "x", "ref": null}', None),
        ("", None),
        ("\ufeff{}", None),
        ('"r1"', None),
        ("[" * 100_000, None),
        ('{"a":' * 100_000, None),
        ("9" * 10_000, None),
        ('{"type": "x", "ref": "r1", "n": NaN}', None),
        (b'{"type": "x", "ref": "r1"}', "r1"),
        (b"\xff\xfe\x00", None),
    ],
    ids=lambda value: repr(value)[:40],
)
def test_what_can_be_read_of_a_frame(sent: str | bytes, ref: str | None) -> None:
    found = frames.read(sent)
    assert found.ref == ref
    assert bool(found.fault) != (found.type == "x")


# Through a real server -------------------------------------------------------------------------------------------------

served = pytest.mark.django_db(transaction=True)


@pytest.fixture
def person(transactional_db: None) -> User:
    return UserFactory()


async def refused(tab: Tab, sent: str | bytes, ref: str = "r1") -> dict[str, Any]:
    """Send something that is refused; return the refusal, which must carry its `ref`."""
    await tab.send(sent)
    error = await tab.until(lambda frame: frame.get("ref") == ref, 2)
    assert error["type"] == "error"
    assert error["message"]
    return error


@served
async def test_every_refusal_carries_the_ref(live_server_ws: LiveServer, person: User, caplog: pytest.LogCaptureFixture) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        for sent, code in (
            ('{"ref": "r1"}', "bad_frame"),
            ('{"type": 5, "ref": "r1"}', "bad_frame"),
            ('{"type": "test.unknown", "ref": "r1"}', "unknown_type"),
            ('{"type": "test.say", "ref": "r1"}', "bad_frame"),
            ('{"type": "test.say", "text": "", "number": 1.5, "ref": "r1"}', "bad_frame"),
            ('{"type": "test.say", "text": "", "number": "1", "ref": "r1"}', "bad_frame"),
            ('{"type": "test.say", "text": ["\\ud83d"], "ref": "r1"}', "bad_frame"),
            (b'{"type": "test.say", "text": "", "ref": "r1"}', "not_text"),
            (json.dumps({"type": "test.say", "text": "x" * MAX_FRAME_CHARACTERS, "ref": "r1"}), "too_large"),
        ):
            assert (await refused(tab, sent))["code"] == code, sent[:60]
        for sent in (b"\xff\x00", b"", ""):
            await tab.send(sent)
            assert (await tab.next("error", 2))["code"] == ("bad_frame" if sent == "" else "not_text")
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []


@served
async def test_too_many_at_once_are_refused_by_their_refs(live_server_ws: LiveServer, person: User) -> None:
    """Without it a page waits for twenty seconds before it says that something did not work."""
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        for number in range(BURST * 2):
            await tab.send({"type": "test.say", "text": "", "ref": f"r{number}"})
        answers = [await tab.receive() for _ in range(BURST * 2)]
    assert {answer["ref"] for answer in answers} == {f"r{number}" for number in range(BURST * 2)}
    assert "too_many" in {answer.get("code") for answer in answers}


@served
async def test_what_was_typed_arrives_as_it_can_be_kept(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        for written, kept in (
            ("half \\ud83d", "half \ufffd"),
            ("N\\u0000UL", "NUL"),
            ("\\r\\n\\r", "\n\n"),
            ("\\ud83d\\ude00", "😀"),
        ):
            await tab.send(f'{{"type": "test.say", "ref": "r1", "text": "{written}"}}')
            assert (await tab.until(lambda frame: frame.get("ref") == "r1", 2))["text"] == kept
        # Numbers of any size are numbers; the command decides whether they make sense.
        assert (await tab.ask({"type": "test.say", "text": "", "number": 10**400}))["type"] == "test.said"


@served
async def test_text_that_is_none_closes_the_socket_and_writes_no_traceback(
    live_server_ws: LiveServer, person: User, caplog: pytest.LogCaptureFixture
) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        await tab.socket.send(b"\xff\xfe", text=True)
        assert await tab.closed() == 1007
    assert [record for record in caplog.records if record.levelno > logging.INFO] == []
