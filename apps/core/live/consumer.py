"""The server's end of the socket: parse, check, dispatch. It knows no product and never waits for a model."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from typing import Any

import msgspec
from django.conf import settings
from django.utils import translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from apps.core import crypto, db
from apps.core.missing import NotThere
from apps.core.refusals import Refusal
from apps.core.text import well_formed

from . import frames, registry
from .connection import Connection, Gone
from .errors import LiveError
from .push import asker, join, leave, user_group
from .registry import Reply
from .session import language_of, person_behind, session_group

logger = logging.getLogger("almia.live")

MAX_FRAME_CHARACTERS = 200_000
MAX_AT_ONCE = 16
BURST, PER_SECOND = 60, 20
RECHECK_SECONDS = 120


class SignedOut(Exception):
    """The session behind the socket has ended."""


async def live_socket(scope: Any, receive: Any, send: Any) -> None:
    """The ASGI application behind `/ws/`: one socket, from its handshake to its end."""
    await receive()  # websocket.connect
    await send({"type": "websocket.accept"})
    socket = LiveSocket(scope, send)
    if not await socket.open():
        # Accepted first: a browser cannot tell a refused handshake from a broken network, and would retry for ever.
        await send({"type": "websocket.close", "code": 4401})
        return
    try:
        while (event := await receive())["type"] == "websocket.receive":
            text = event.get("text")
            socket.receive(event["bytes"] if text is None else text)
    finally:
        await socket.close()


class LiveSocket:
    """Each frame is answered in a task of its own, so a slow one never delays the next."""

    def __init__(self, scope: Any, send: Any) -> None:
        headers = dict(scope["headers"])
        self.session_key = well_formed(scope["cookies"].get(settings.SESSION_COOKIE_NAME, ""))
        self.accepted_language = headers.get(b"accept-language", b"").decode("latin-1")
        self.tokens, self.refilled = float(BURST), time.monotonic()
        self.at_once = 0
        self.groups: list[str] = []
        self.name = secrets.token_hex(8)
        self._send = send

    async def open(self) -> bool:
        """Find out who this is and join their groups; return whether anybody is signed in."""
        user = await db.run(person_behind, self.session_key)
        if user is None:
            return False
        self.language = language_of(user, self.accepted_language)
        self.connection = Connection(self._send, user_id=user.pk)
        self.groups = [user_group(user.pk), session_group(self.session_key)]
        for group in self.groups:
            join(group, self.pushed)
        self.connection.spawn(self.recheck_now_and_then())
        self.connection.post({"type": "hello", "user": str(user.pk)})
        return True

    async def close(self) -> None:
        for group in self.groups:
            leave(group, self.pushed)
        await self.connection.end()

    def pushed(self, frame: dict[str, Any], left_out: str) -> None:
        """Pass a frame pushed to one of the groups on to the client, unless this socket is the one to leave out."""
        if left_out == self.name:
            return
        self.connection.post(frame)
        if frame["type"] in {"access.changed", "session.ended"}:
            self.connection.spawn(self.recheck())

    # Frames ----------------------------------------------------------------------------------------------------------
    def receive(self, sent: str | bytes) -> None:
        """Answer one frame, unless the client sends too much at once."""
        connection = self.connection
        if connection.gone.is_set():
            return
        now = time.monotonic()
        self.tokens = min(float(BURST), self.tokens + (now - self.refilled) * PER_SECOND)
        self.refilled = now
        if self.tokens < 1 or self.at_once >= MAX_AT_ONCE:
            error = LiveError("too_many", self._say(_("Too many requests at once. Wait a moment.")))
            connection.post(error.frame(frames.read(sent).ref))
            return
        self.tokens -= 1
        self.at_once += 1
        connection.spawn(self._answer(sent))

    def _say(self, sentence: Promise) -> str:
        """Return `sentence` in the person's language as last known."""
        with translation.override(self.language):
            return str(sentence)

    async def _answer(self, sent: str | bytes) -> None:
        connection = self.connection
        asked = frames.read(sent)
        ref = asked.ref
        try:
            if isinstance(sent, bytes):
                raise LiveError("not_text", self._say(_("Only text frames are understood.")))
            if len(sent) > MAX_FRAME_CHARACTERS:
                raise LiveError("too_large", self._say(_("This message is too long.")))
            if asked.fault:
                raise LiveError("bad_frame", self._say(_("This request cannot be read.")), detail=asked.fault)
            command = registry.find(asked.type)
            if command is None:
                raise LiveError("unknown_type", self._say(_("This request is not known.")))
            try:
                frame = msgspec.convert(asked.fields, command.frame)
            except msgspec.ValidationError as error:
                raise LiveError("bad_frame", self._say(_("This request cannot be read.")), detail=str(error)) from error
            reply = await db.run(self._run, command, frame)
            await connection.send({**reply.frame, "ref": ref} if ref is not None else reply.frame)
            if reply.then is not None:
                work = reply.then(connection)
                if reply.key is not None:
                    connection.open(reply.key, command.capability, work)
                else:
                    connection.spawn(work)
        except LiveError as error:
            await connection.send(error.frame(ref))
        except SignedOut:
            await connection.close(4401)
        except Gone:
            return
        except crypto.CryptoError as error:
            logger.error("Encryption refused: %s", error)
            sentence = self._say(_("Your content cannot be encrypted or read at the moment. Nothing was lost; try again soon."))
            await connection.send(LiveError("encryption_unavailable", sentence).frame(ref))
        except Exception:
            logger.exception("A command failed.")
            sentence = self._say(_("Something went wrong on our side. Nothing was lost; try again."))
            await connection.send(LiveError("server_error", sentence).frame(ref))
        finally:
            self.at_once -= 1

    def _run(self, command: registry.Command, frame: Any) -> Reply:
        """On a database thread: check the session, check the capability, run the handler."""
        asker.set(self.name)  # in the operation's own copy of the context
        user = person_behind(self.session_key)
        if user is None:
            raise SignedOut
        self.language = language_of(user, self.accepted_language)
        with translation.override(self.language):
            refusal = registry.refusal(user, command.capability)
            if refusal is not None:
                raise refusal
            try:
                return command.handler(user, frame)
            except LiveError as error:
                # The sentence may be lazy: it is evaluated here, in the person's language.
                error.message = str(error.message)
                raise
            except Refusal as error:
                raise registry.refused(user, error) from error
            except NotThere as error:
                raise LiveError("not_found", str(_("This does not exist, or no longer."))) from error

    # Rights that go away ---------------------------------------------------------------------------------------------
    async def recheck_now_and_then(self) -> None:
        while True:
            await asyncio.sleep(RECHECK_SECONDS)
            await self.recheck()

    async def recheck(self) -> None:
        """Close the socket if its session has ended, and whatever was opened with a capability that is gone."""
        connection = self.connection
        opened = connection.opened
        refused = await db.run(self._refused, {capability for capability in opened.values() if capability})
        if refused is None:
            await connection.close(4401)
            return
        for key, capability in opened.items():
            if capability in refused:
                connection.shut(key)
                await connection.send({**refused[capability].frame(), "type": "closed", "key": key})

    def _refused(self, capabilities: set[str]) -> dict[str, LiveError] | None:
        user = person_behind(self.session_key)
        if user is None:
            return None
        with translation.override(language_of(user, self.accepted_language)):
            found = {capability: registry.refusal(user, capability) for capability in capabilities}
            refused = {capability: error for capability, error in found.items() if error is not None}
            for error in refused.values():
                error.message = str(error.message)
            return refused
