"""One way to count: characters, a line break or an emoji being one, however a text comes in; and text as it is stored."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client

from apps.accounts.models import User
from apps.chat import services
from apps.chat.models import Conversation, Message
from apps.chat.services import MAX_CHARACTERS
from apps.core import db
from tests.factories.access import entitled_user
from tests.factories.chat import add_message, make_conversation, make_model
from tests.live import LiveServer

pytestmark = pytest.mark.django_db(transaction=True)

# As many characters as allowed: in UTF-16, and with line breaks as forms send them, they are far more.
LONGEST = "é😀\n" * (MAX_CHARACTERS // 3 - 1) + "end"


@pytest.fixture(autouse=True)
def _no_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services.RUN, "launch", lambda plan: None)


@pytest.fixture
def person(transactional_db: None) -> User:
    make_model(window=1_000_000)
    return entitled_user("chat.use", language="en")


def stored() -> str:
    message = Message.objects.select_related("conversation").latest("created_at", "id")
    return Message.text.read(message, message.conversation.seal())


def form(person: User, text: str) -> Any:
    """Send a message as a form does: each line break as two characters."""
    client = Client()
    client.force_login(person)
    body = urlencode({"text": text.replace("\n", "\r\n")})
    return client.post("/chat/start/", body, content_type="application/x-www-form-urlencoded")


def test_the_longest_message_goes_through_the_form(person: User) -> None:
    assert len(LONGEST) == MAX_CHARACTERS
    assert form(person, LONGEST).status_code == 302
    assert stored() == LONGEST


def test_one_character_more_is_refused_and_kept_on_the_page(person: User) -> None:
    response = form(person, LONGEST + "!")
    assert response.status_code == 422
    assert not Message.objects.exists()
    assert f"{MAX_CHARACTERS + 1} characters" in response.content.decode().replace(",", "")
    assert response.context["draft"] == LONGEST + "!"


@pytest.mark.parametrize("breaks", ["\n", "\r\n", "\r"])
async def test_the_socket_counts_as_the_form_does(live_server_ws: LiveServer, person: User, breaks: str) -> None:
    def earlier() -> str:
        other = make_conversation(person)
        return str(add_message(other, "Before").pk)

    edited = await db.run(earlier)
    text = LONGEST.replace("\n", breaks)
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:

        async def ask(**frame: str) -> dict[str, Any]:
            await tab.send(json.dumps({**frame, "ref": "r1"}, ensure_ascii=False))  # as a browser does
            return await tab.until(lambda answer: answer.get("ref") == "r1")

        assert (await ask(type="chat.send", text=text + "!"))["code"] == "too_long"
        assert (await ask(type="chat.edit", message=edited, text=text + "!"))["code"] == "too_long"
        assert (await ask(type="chat.send", text=text))["type"] == "run.started"
        assert await db.run(stored) == LONGEST
        assert (await ask(type="chat.edit", message=edited, text=text))["type"] == "run.started"
    assert await db.run(stored) == LONGEST


async def test_half_an_emoji_is_stored_as_what_it_is_and_answered_at_once(live_server_ws: LiveServer, person: User) -> None:
    async with live_server_ws.tab(await live_server_ws.sign_in(person)) as tab:
        # As a browser writes half an emoji in JSON.
        await tab.send('{"type": "chat.send", "ref": "r1", "text": "Bonjour \\ud83d\\u0000 !\\r\\nMerci"}')
        assert (await tab.until(lambda frame: frame.get("ref") == "r1", 2))["type"] == "run.started"
    assert await db.run(stored) == "Bonjour \ufffd !\nMerci"


def test_a_form_with_what_cannot_be_kept(person: User) -> None:
    assert form(person, "N\0UL\n").status_code == 302
    assert stored() == "NUL"


def test_titles_are_cut_between_characters(person: User) -> None:
    started = services.start_turn(user=person, text="😀" * 500)
    title = Conversation.title.read(started.conversation, started.conversation.seal())
    assert set(title) <= {"😀", "…"}
