"""The practice bench on the socket. Open to everybody who is signed in: learning to ask comes before the right to chat."""

from __future__ import annotations

import uuid

import msgspec

from apps.accounts.models import User
from apps.core import live

from . import queries, services
from .services import TRY


class Ask(msgspec.Struct):
    exercise: int
    prompt: str


class OneTry(msgspec.Struct):
    try_id: uuid.UUID = msgspec.field(name="try")


class Resume(msgspec.Struct):
    try_id: uuid.UUID = msgspec.field(name="try")
    last_seq: int = 0


@live.command("practice.ask", frame=Ask, capability=None)
def ask(user: User, frame: Ask) -> live.Reply:
    exercise = queries.get_exercise(frame.exercise)
    started = services.start_try(user=user, exercise=exercise, prompt=frame.prompt)
    reply = {
        "type": "practice.started",
        "try": str(started.entry.pk),
        "number": started.number,
        "left": started.left,
        "left_text": queries.left_in_words(started.left),
    }
    return TRY.reply(reply, started.entry.pk)


@live.command("practice.stop", frame=OneTry, capability=None)
def stop(user: User, frame: OneTry) -> live.Reply:
    entry = services.stop_try(entry=queries.get_try_for(user, frame.try_id))
    return live.Reply({"type": "practice.stopping", "try": str(entry.pk)})


@live.command("practice.resume", frame=Resume, capability=None)
def resume(user: User, frame: Resume) -> live.Reply:
    entry = queries.get_try_for(user, frame.try_id)
    return TRY.reply({"type": "practice.state", "try": str(entry.pk), "state": entry.state}, entry.pk, after=frame.last_seq)
