"""Writes of the chat. The text of people and models is sealed before it reaches a row."""

from __future__ import annotations

import dataclasses
import uuid
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from django.contrib.auth import get_user_model
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from apps.core import audit, live
from apps.core.crypto import Seal, new_data_key, seal_opener
from apps.core.ids import uuid7
from apps.gateway.calls import Message as PromptMessage
from apps.gateway.services import prepare_call, record_usage

from . import context, queries
from .enums import RunState
from .models import Conversation, Message, Run

if TYPE_CHECKING:
    from apps.accounts.models import User

    from .runs import Plan

DEFAULT_TARGET = "almia-standard"
MAX_CHARACTERS = 60_000
MAX_TITLE = 120
MAX_AT_ONCE = 3  # answers being written for one person, whatever processes write them
LOST_AFTER = timedelta(seconds=60)
BUSY = gettext_lazy("An answer is still being written in this conversation. Stop it, or wait for its end.")


class ChatError(ValueError):
    """A turn cannot start. `code` is for programs, the message a sentence for the person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Started:
    """A turn that has begun: what to show at once."""

    conversation: Conversation
    message: Message
    run: Run


def announce(conversation: Conversation, change: str, run_id: uuid.UUID | None = None) -> None:
    """After commit, tell the owner's other tabs that a conversation has changed."""
    frame: dict[str, Any] = {"type": "conversation.changed", "conversation": str(conversation.pk), "change": change}
    if run_id is not None:
        frame["run"] = str(run_id)
    transaction.on_commit(lambda: live.push(live.user_group(conversation.owner_id), frame))


def _check_text(text: str) -> str:
    text = text.strip()
    if not text:
        raise ChatError("empty", _("Write a message first."))
    if len(text) > MAX_CHARACTERS:
        raise ChatError(
            "too_long",
            _("This message is too long: %(length)s characters, at most %(limit)s. Shorten it or split it.")
            % {"length": len(text), "limit": MAX_CHARACTERS},
        )
    return text


def _one_at_a_time(user: User) -> None:
    """Have the turns of `user` begin one after the other, until the transaction ends. Taken before any other lock."""
    # Not the key: a new conversation of theirs refers to the row meanwhile.
    get_user_model().objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)


def _check_at_once(user: User) -> None:
    """Refuse one answer too many. Turns begin one after the other, so of many sent together none slips past."""
    from . import runs

    alive = Run.objects.filter(state=RunState.STREAMING, heartbeat_at__gte=timezone.now() - LOST_AFTER)
    if max(runs.count_of(user.pk), alive.filter(conversation__owner=user.pk).count()) >= MAX_AT_ONCE:
        raise ChatError("too_many_runs", _("Several answers are being written for you. Wait until one has ended."))


@transaction.atomic
def start_turn(
    *,
    user: User,
    text: str,
    conversation_id: uuid.UUID | None = None,
    target: str = "",
    message_id: uuid.UUID | None = None,
) -> Started:
    """Store a person's message and begin the run that answers it, in a new conversation if none is given.

    `message_id`: the client's own id for the message. Sent again (the answer got lost on the way), it starts nothing twice.

    After commit the run executes on the server's loop and the owner's tabs are told. A new conversation writes an audit entry;
    a turn leaves its trace in the usage ledger. Raises ChatError, GatewayError, CryptoError, Conversation.DoesNotExist; then
    nothing is stored.
    """
    text = _check_text(text)
    _one_at_a_time(user)
    if message_id is not None and (known := _already_sent(user, conversation_id, message_id)):
        return known
    if conversation_id is None:
        conversation, seal = _create_conversation(user, text, target or DEFAULT_TARGET)
        history: list[PromptMessage] = []
    else:
        conversation = queries.get_conversation_for(user, conversation_id, lock=True)
        seal = conversation.seal()
        history = _history(conversation, seal)
        if target:
            conversation.target = target
    return _answer_new_message(user, conversation, seal, history, text, message_id)


def _already_sent(user: User, conversation_id: uuid.UUID | None, message_id: uuid.UUID) -> Started | None:
    message = Message.objects.select_related("conversation").filter(pk=message_id).first()
    if message is None:
        return None
    conversation = message.conversation
    # An id from elsewhere: say no more than that it cannot be used.
    if conversation.owner_id != user.pk or conversation_id not in {None, conversation.pk}:
        raise Conversation.DoesNotExist
    run = message.runs.order_by("-started_at", "-id").first()
    return Started(conversation, message, run) if run else None


@transaction.atomic
def edit_message(*, user: User, message_id: uuid.UUID, text: str) -> Started:
    """Write another version of a message and begin its answer; the earlier version and what followed it stay, as a branch.

    Raises and side effects as `start_turn`; Message.DoesNotExist.
    """
    text = _check_text(text)
    _one_at_a_time(user)
    message = Message.objects.select_related("follows").get(pk=message_id, conversation__owner=user.pk)
    conversation = queries.get_conversation_for(user, message.conversation_id, lock=True)
    seal = conversation.seal()
    conversation.head = message.follows
    return _answer_new_message(user, conversation, seal, _history(conversation, seal), text)


@transaction.atomic
def regenerate(*, user: User, run_id: uuid.UUID, target: str = "") -> Started:
    """Ask for another answer to the same message; the earlier one stays, as a branch.

    Raises and side effects as `start_turn`; Run.DoesNotExist.
    """
    run, conversation, seal = _to_answer_again(user, run_id)
    if target:
        conversation.target = target
    return _begin_run(user, conversation, seal, run.message, _before(conversation, seal, run))


@transaction.atomic
def continue_run(*, user: User, run_id: uuid.UUID) -> Started:
    """Have an answer that ended early be continued: a new answer that begins with what was kept.

    Raises and side effects as `start_turn`; Run.DoesNotExist.
    """
    run, conversation, seal = _to_answer_again(user, run_id)
    kept = run.get_text(seal)
    history = _before(conversation, seal, run)
    if kept:
        history += [_said("assistant", kept), _said("user", context.CONTINUE)]
    return _begin_run(user, conversation, seal, run.message, history, base=kept)


def _to_answer_again(user: User, run_id: uuid.UUID) -> tuple[Run, Conversation, Seal]:
    _one_at_a_time(user)
    run = Run.objects.select_related("message").get(pk=run_id, conversation__owner=user.pk)
    conversation = queries.get_conversation_for(user, run.conversation_id, lock=True)
    return run, conversation, conversation.seal()


def _before(conversation: Conversation, seal: Seal, run: Run) -> list[PromptMessage]:
    """Return what was said up to the message that `run` answers, that message included."""
    conversation.head_id = run.message.follows_id
    return [*_history(conversation, seal), _said("user", run.message.get_text(seal))]


def _create_conversation(user: User, text: str, target: str) -> tuple[Conversation, Seal]:
    conversation = Conversation(owner=user, data_key=new_data_key(user.pk), target=target)
    seal = conversation.seal()
    conversation.set_title(seal, context.title_from(text))
    conversation.save(force_insert=True)
    audit.record(actor=user, action="chat.create_conversation", target=conversation, subject=user)
    return conversation, seal


def _said(role: str, content: str) -> PromptMessage:
    return {"role": role, "content": content}


def _history(conversation: Conversation, seal: Seal) -> list[PromptMessage]:
    history: list[PromptMessage] = []
    for text, answer in queries.said(conversation, seal):
        history.append(_said("user", text))
        if answer:
            history.append(_said("assistant", answer))
    return history


def _answer_new_message(
    user: User,
    conversation: Conversation,
    seal: Seal,
    history: list[PromptMessage],
    text: str,
    message_id: uuid.UUID | None = None,
) -> Started:
    message = Message(id=message_id or uuid7(), conversation=conversation, follows_id=conversation.head_id)
    message.set_text(seal, text)
    return _begin_run(user, conversation, seal, message, [*history, _said("user", text)])


def _begin_run(
    user: User,
    conversation: Conversation,
    seal: Seal,
    message: Message,
    history: list[PromptMessage],
    *,
    base: str = "",
) -> Started:
    from . import runs

    _check_at_once(user)
    run_id = uuid7()
    call = prepare_call(user=user, target=conversation.target, messages=[], purpose="chat", reference=str(run_id))
    window = call.context_window or context.USUAL_WINDOW
    try:
        call = dataclasses.replace(call, messages=context.build(history, context_window=window))
    except context.MessageTooLong as error:
        raise ChatError("too_long", str(error)) from error
    if message._state.adding:
        message.save(force_insert=True)
    run = Run(id=run_id, conversation=conversation, message=message, version_id=call.version_id, model_name=call.label)
    if base:
        run.text, run.seq = run.seal_text(seal, base), 1
    try:
        run.save(force_insert=True)
    except IntegrityError as error:  # the database allows one open run per conversation
        raise ChatError("busy", str(BUSY)) from error
    conversation.head, conversation.active_at = run, run.started_at
    conversation.save(update_fields=["head", "active_at", "target"])
    plan = runs.Plan(
        run_id=run.pk,
        conversation_id=conversation.pk,
        user_id=user.pk,
        language=get_language() or "",
        seal=seal,
        call=call,
        base=base,
    )
    transaction.on_commit(lambda: runs.launch(plan))
    announce(conversation, "started", run.pk)
    return Started(conversation, message, run)


def stop_run(*, user: User, run_id: uuid.UUID) -> Run:
    """Ask a run to stop; what it has written is kept. Stopping an ended run changes nothing. Raises Run.DoesNotExist.

    The process that executes it closes the request to the model: at once if it is this one, within two seconds if it is another.
    """
    from . import runs

    run = queries.get_run_for(user, run_id)
    if run.state == RunState.STREAMING:
        Run.objects.filter(pk=run.pk, state=RunState.STREAMING).update(stop_asked_at=timezone.now())
        transaction.on_commit(lambda: runs.end_here(run.pk))
    return run


def keep_text(*, run_id: uuid.UUID, seal: Seal, text: str, seq: int) -> bool:
    """Keep what a run has written so far, with the number of the last chunk it covers; return whether it was asked to stop."""
    run = Run(pk=run_id)
    Run.objects.filter(pk=run_id, state=RunState.STREAMING).update(
        text=run.seal_text(seal, text), seq=seq, heartbeat_at=timezone.now()
    )
    return Run.objects.filter(pk=run_id, stop_asked_at__isnull=False).exists()


@transaction.atomic
def end_run(*, plan: Plan, state: RunState, text: str, seq: int, error_code: str) -> None:
    """Write how a run ended, its text and what it cost, together. After commit the owner's tabs are told. Safe to call twice."""
    now = timezone.now()
    ended = Run.objects.filter(pk=plan.run_id, state=RunState.STREAMING).update(
        state=state,
        text=Run(pk=plan.run_id).seal_text(plan.seal, text),
        seq=seq,
        error_code=error_code,
        cut_short=plan.cut_short,
        heartbeat_at=now,
        ended_at=now,
    )
    record_usage(call=plan.call)
    if ended:
        conversation = Conversation(pk=plan.conversation_id, owner_id=plan.user_id)
        announce(conversation, "ended", plan.run_id)


def interrupt_lost_runs(*, alone: bool = False) -> int:
    """Mark runs that no process writes any more as interrupted, with what was kept; return how many.

    After commit their owners' tabs are told.

    `alone`: no other process can be writing, so every open run is lost; else those without a heartbeat for a minute.
    """
    now = timezone.now()
    lost = Run.objects.filter(state=RunState.STREAMING)
    if not alone:
        lost = lost.filter(heartbeat_at__lt=now - LOST_AFTER)
    count = 0
    for run in lost.select_related("conversation"):
        with transaction.atomic():
            if Run.objects.filter(pk=run.pk, state=RunState.STREAMING, heartbeat_at=run.heartbeat_at).update(
                state=RunState.INTERRUPTED, ended_at=now
            ):
                count += 1
                announce(run.conversation, "ended", run.pk)
    return count


def stored_run(run_id: uuid.UUID) -> dict[str, Any] | None:
    """Return a run as the database has it, as a frame's fields; None when it was deleted meanwhile."""
    run = Run.objects.select_related("conversation").filter(pk=run_id).first()
    if run is None:
        return None
    text = run.get_text(seal_opener(run.conversation.owner_id)(run.conversation.data_key))
    return {"seq": run.seq, "text": text, "state": run.state, "code": run.error_code, "cut_short": run.cut_short}


@transaction.atomic
def rename_conversation(*, user: User, conversation_id: uuid.UUID, title: str) -> Conversation:
    """Give a conversation another title (at most 120 characters). After commit the owner's tabs are told. Raises ChatError."""
    title = " ".join(title.split())
    if not title:
        raise ChatError("empty", _("Give the conversation a title."))
    if len(title) > MAX_TITLE:
        raise ChatError("too_long", _("A title has at most %(limit)s characters.") % {"limit": MAX_TITLE})
    conversation = queries.get_conversation_for(user, conversation_id, lock=True)
    conversation.set_title(conversation.seal(), title)
    conversation.save(update_fields=["title"])
    announce(conversation, "renamed")
    return conversation


@transaction.atomic
def delete_conversation(*, user: User, conversation_id: uuid.UUID) -> None:
    """Delete a conversation and all that was written in it, for good, and end its run.

    Writes an audit entry; after commit the owner's tabs are told. Raises Conversation.DoesNotExist.
    """
    from . import runs

    conversation = queries.get_conversation_for(user, conversation_id, lock=True)
    for run_id in conversation.runs.filter(state=RunState.STREAMING).values_list("pk", flat=True):
        transaction.on_commit(partial(runs.end_here, run_id))
    audit.record(actor=user, action="chat.delete_conversation", target=conversation, subject=user)
    announce(conversation, "deleted")
    conversation.head = None
    conversation.save(update_fields=["head"])
    conversation.delete()


@transaction.atomic
def choose_run(*, user: User, run_id: uuid.UUID) -> Conversation:
    """Show the branch a run is in. After commit the owner's tabs are told.

    Raises Run.DoesNotExist; ChatError while an answer is being written.
    """
    run = queries.get_run_for(user, run_id)
    conversation = queries.get_conversation_for(user, run.conversation_id, lock=True)
    if conversation.runs.filter(state=RunState.STREAMING).exists():
        raise ChatError("busy", str(BUSY))
    conversation.head = queries.last_run_under(conversation, run)
    conversation.save(update_fields=["head"])
    announce(conversation, "branch")
    return conversation


def choose_message(*, user: User, message_id: uuid.UUID) -> Conversation:
    """Show the branch of another version of a message. As `choose_run`."""
    message = Message.objects.get(pk=message_id, conversation__owner=user.pk)
    run = message.runs.order_by("-started_at", "-id").first()
    if run is None:
        raise Run.DoesNotExist
    return choose_run(user=user, run_id=run.pk)


def choose_target(*, user: User, conversation_id: uuid.UUID, target: str) -> Conversation:
    """Have the next answers of a conversation come from another model. Raises GatewayError when `target` cannot be had."""
    with transaction.atomic():
        conversation = queries.get_conversation_for(user, conversation_id, lock=True)
        prepare_call(user=user, target=target, messages=[], purpose="chat", reference=str(conversation.pk))
        conversation.target = target
        conversation.save(update_fields=["target"])
    return conversation
