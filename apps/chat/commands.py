"""The chat on the socket. Frames: docs/websocket.md."""

from __future__ import annotations

import uuid

import msgspec

from apps.accounts.models import User
from apps.core import live

from . import queries, services
from .services import RUN, Started

USE = "chat.use"


class Send(msgspec.Struct):
    text: str
    conversation: uuid.UUID | None = None
    target: str = ""
    message: uuid.UUID | None = None


class Edit(msgspec.Struct):
    message: uuid.UUID
    text: str


class Again(msgspec.Struct):
    run: uuid.UUID
    target: str = ""


class OneRun(msgspec.Struct):
    run: uuid.UUID


class Resume(msgspec.Struct):
    run: uuid.UUID
    last_seq: int = 0


def _started(started: Started) -> live.Reply:
    run = started.run
    frame = {
        "type": "run.started",
        "conversation": str(started.conversation.pk),
        "message": str(started.message.pk),
        "run": str(run.pk),
        "model": run.model_name,
    }
    return RUN.reply(frame, run.pk)


@live.command("chat.send", frame=Send, capability=USE)
def send(user: User, frame: Send) -> live.Reply:
    return _started(
        services.start_turn(
            user=user,
            text=frame.text,
            conversation_id=frame.conversation,
            target=frame.target,
            message_id=frame.message,
        )
    )


@live.command("chat.edit", frame=Edit, capability=USE)
def edit(user: User, frame: Edit) -> live.Reply:
    return _started(services.edit_message(user=user, message_id=frame.message, text=frame.text))


@live.command("chat.regenerate", frame=Again, capability=USE)
def regenerate(user: User, frame: Again) -> live.Reply:
    return _started(services.regenerate(user=user, run_id=frame.run, target=frame.target))


@live.command("chat.continue", frame=OneRun, capability=USE)
def continue_(user: User, frame: OneRun) -> live.Reply:
    return _started(services.continue_run(user=user, run_id=frame.run))


@live.command("chat.stop", frame=OneRun, capability=USE)
def stop(user: User, frame: OneRun) -> live.Reply:
    run = services.stop_run(user=user, run_id=frame.run)
    return live.Reply({"type": "run.stopping", "run": str(run.pk), "state": run.state})


@live.command("chat.resume", frame=Resume, capability=USE)
def resume(user: User, frame: Resume) -> live.Reply:
    run = queries.get_run_for(user, frame.run)
    return RUN.reply({"type": "run.state", "run": str(run.pk), "state": run.state}, run.pk, after=frame.last_seq)
