"""The practice bench on the socket. Open to everybody who is signed in: learning to ask comes before the right to chat."""

from __future__ import annotations

import uuid

import msgspec
from django.utils.translation import gettext as _

from apps.accounts.models import User
from apps.core import live
from apps.core.live import LiveError
from apps.gateway.errors import GatewayError
from apps.gateway.queries import remedy_fields

from . import queries, services
from .errors import LearningError, RealData, TriesUsedUp
from .models import PracticeTry
from .services import TRY


class Ask(msgspec.Struct):
    exercise: int
    prompt: str


class OneTry(msgspec.Struct):
    try_id: uuid.UUID = msgspec.field(name="try")


class Resume(msgspec.Struct):
    try_id: uuid.UUID = msgspec.field(name="try")
    last_seq: int = 0


def _find(user: User, try_id: uuid.UUID) -> PracticeTry:
    entry = queries.tries_of(user).filter(pk=try_id).first()
    if entry is None:
        raise LiveError("not_found", _("This try is not there."))
    return entry


@live.command("practice.ask", frame=Ask, capability=None)
def ask(user: User, frame: Ask) -> live.Reply:
    exercise = queries.open_exercises().filter(pk=frame.exercise).first()
    if exercise is None:
        raise LiveError("not_found", _("This exercise is no longer there. Reload the page."))
    try:
        started = services.start_try(user=user, exercise=exercise, prompt=frame.prompt)
    except RealData as error:
        raise LiveError("real_data", str(error)) from error
    except TriesUsedUp as error:
        raise LiveError("no_tries", str(error)) from error
    except LearningError as error:
        raise LiveError("bad_prompt", str(error)) from error
    except GatewayError as error:
        raise LiveError(error.code, str(error), **remedy_fields(user, error)) from error
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
    entry = services.stop_try(entry=_find(user, frame.try_id))
    return live.Reply({"type": "practice.stopping", "try": str(entry.pk)})


@live.command("practice.resume", frame=Resume, capability=None)
def resume(user: User, frame: Resume) -> live.Reply:
    entry = _find(user, frame.try_id)
    return TRY.reply({"type": "practice.state", "try": str(entry.pk), "state": entry.state}, entry.pk, after=frame.last_seq)
