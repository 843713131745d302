"""Somebody who talks to a model through the real socket, and reads what it writes as the page does."""

from __future__ import annotations

from typing import Any

from apps.accounts.models import User
from apps.core import db
from bench.upstream import Running
from tests.factories.access import entitled_user
from tests.factories.chat import make_conversation, make_model
from tests.live import LiveServer, Tab


class Reader:
    """Assembles a run as the page does: skips what it had, asks again when a piece is missing."""

    def __init__(self) -> None:
        self.text, self.seq = "", 0
        self.end: dict[str, Any] = {}

    def take(self, frame: dict[str, Any]) -> None:
        if frame["type"] == "answer.chunk":
            assert frame["after"] == self.seq, "a gap or a double"
            self.text, self.seq = self.text + frame["text"], frame["seq"]
        elif frame["type"] == "answer.stored":
            self.text, self.seq, self.end = frame["text"], frame["seq"], frame
        elif frame["type"] == "answer.end":
            self.end = frame

    async def read(self, tab: Tab, *, words: int | None = None) -> Reader:
        """Read to the end, or until there are some words."""
        wanted = {"answer.chunk", "answer.end", "answer.stored"}
        while not self.end and (words is None or len(self.text.split()) < words):
            self.take(await tab.until(lambda frame: frame["type"] in wanted))
        return self


def talker(upstream: Running, upstream_name: str = "steady", **fields: Any) -> User:
    make_model(upstream.base_url, upstream_name)
    return entitled_user("chat.use", **fields)


async def begin(server: LiveServer, user: User) -> tuple[str, str]:
    """Return a session and a conversation of `user`."""
    conversation = await db.run(make_conversation, user, ("Bonjour", "Bonjour."))
    return await server.sign_in(user), str(conversation.pk)
