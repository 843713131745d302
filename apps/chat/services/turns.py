"""Turns begin here: a message, and the run that answers it."""

from __future__ import annotations

import dataclasses
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.contrib.auth import get_user_model
from django.db import IntegrityError, connection, transaction
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from apps.chat import context, queries
from apps.chat.models import Conversation, Message, Run
from apps.core import audit, sql
from apps.core.crypto import Seal, new_data_key
from apps.core.ids import uuid7
from apps.core.missing import NotThere, get_or_not_there
from apps.gateway.answers import LOST_AFTER
from apps.gateway.calls import Message as PromptMessage
from apps.gateway.enums import STANDARD_ALIAS
from apps.gateway.services import prepare_call

from .announcing import BUSY, ChatError, announce
from .runs import RUN, RunPlan

if TYPE_CHECKING:
    from apps.accounts.models import User

MAX_CHARACTERS = 60_000
MAX_AT_ONCE = 3  # answers being written for one person, in whatever process


@dataclass(frozen=True, slots=True)
class Started:
    """A turn that has begun: what to show at once."""

    conversation: Conversation
    message: Message
    run: Run


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

    `message_id`: the client's own id for the message. Sent again (if the answer got lost on the way), it starts nothing twice.

    After commit the run executes on the server's loop and the owner's tabs are told. A new conversation writes an audit entry;
    a turn is recorded in the usage ledger. Raises ChatError, GatewayError, CryptoError, NotThere; then
    nothing is stored.
    """
    text = _check_text(text)
    _one_at_a_time(user)
    if message_id is not None and (known := _already_sent(user, conversation_id, message_id)):
        return known
    if conversation_id is None:
        conversation, seal = _create_conversation(user, text, target or STANDARD_ALIAS)
        history: list[PromptMessage] = []
    else:
        conversation = queries.get_conversation_for(user, conversation_id, lock=True)
        seal = conversation.seal()
        history = _history(conversation, seal)
        if target:
            conversation.target = target
    return _answer_new_message(user, conversation, seal, history, text, message_id)


@transaction.atomic
def edit_message(*, user: User, message_id: uuid.UUID, text: str) -> Started:
    """Write another version of a message and begin its answer; the earlier version and what followed it stay, as a branch.

    Raises and has side effects like `start_turn`.
    """
    text = _check_text(text)
    _one_at_a_time(user)
    message = get_or_not_there(Message.objects.select_related("follows"), pk=message_id, conversation__owner=user.pk)
    conversation = queries.get_conversation_for(user, message.conversation_id, lock=True)
    seal = conversation.seal()
    conversation.head = message.follows
    return _answer_new_message(user, conversation, seal, _history(conversation, seal), text)


@transaction.atomic
def regenerate(*, user: User, run_id: uuid.UUID, target: str = "") -> Started:
    """Ask for another answer to the same message; the earlier one stays, as a branch.

    Raises and has side effects like `start_turn`.
    """
    run, conversation, seal = _to_answer_again(user, run_id)
    if target:
        conversation.target = target
    return _begin_run(user, conversation, seal, run.message, _before(conversation, seal, run))


@transaction.atomic
def continue_run(*, user: User, run_id: uuid.UUID) -> Started:
    """Continue an answer that ended early: a new answer that begins with what was kept.

    Raises and has side effects like `start_turn`.
    """
    run, conversation, seal = _to_answer_again(user, run_id)
    kept = Run.text.read(run, seal)
    history = _before(conversation, seal, run)
    if kept:
        history += [_said("assistant", kept), _said("user", context.CONTINUE)]
    return _begin_run(user, conversation, seal, run.message, history, base=kept)


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
    """Make the turns of `user` begin one after the other, until the transaction ends. Taken before any other lock."""
    if not connection.features.has_select_for_update:
        return  # SQLite: a writing transaction is alone anyway
    # Not a lock on the key: a new conversation of theirs refers to the row meanwhile.
    get_user_model().objects.select_for_update(no_key=True).only("pk").get(pk=user.pk)


def _check_at_once(user: User) -> None:
    """Refuse one answer too many. Turns begin one after the other, so however many are sent at once, none slips through."""
    if queries.count_being_written(user, alive=timezone.now() - LOST_AFTER) >= MAX_AT_ONCE:
        raise ChatError("too_many_runs", _("Several answers are being written for you. Wait until one has ended."))


def _already_sent(user: User, conversation_id: uuid.UUID | None, message_id: uuid.UUID) -> Started | None:
    message = Message.objects.select_related("conversation").filter(pk=message_id).first()
    if message is None:
        return None
    conversation = message.conversation
    # An id from elsewhere: say only that it cannot be used.
    if conversation.owner_id != user.pk or conversation_id not in {None, conversation.pk}:
        raise NotThere
    run = message.runs.order_by("-started_at", "-id").first()
    return Started(conversation, message, run) if run else None


def _to_answer_again(user: User, run_id: uuid.UUID) -> tuple[Run, Conversation, Seal]:
    _one_at_a_time(user)
    run = get_or_not_there(Run.objects.select_related("message"), pk=run_id, conversation__owner=user.pk)
    conversation = queries.get_conversation_for(user, run.conversation_id, lock=True)
    return run, conversation, conversation.seal()


def _before(conversation: Conversation, seal: Seal, run: Run) -> list[PromptMessage]:
    """Return what was said up to the message that `run` answers, that message included."""
    conversation.head_id = run.message.follows_id
    return [*_history(conversation, seal), _said("user", Message.text.read(run.message, seal))]


def _create_conversation(user: User, text: str, target: str) -> tuple[Conversation, Seal]:
    conversation = Conversation(owner=user, data_key=new_data_key(user.pk), target=target)
    seal = conversation.seal()
    Conversation.title.write(conversation, seal, context.title_from(text))
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
    Message.text.write(message, seal, text)
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
    _check_at_once(user)
    run_id = uuid7()
    call = prepare_call(user=user, target=conversation.target, messages=[], purpose="chat", reference=str(run_id))
    window = call.context_window or context.USUAL_WINDOW
    call = dataclasses.replace(call, messages=context.build(history, context_window=window))
    if message._state.adding:
        sql.insert(message)
    run = Run(id=run_id, conversation=conversation, message=message, version_id=call.version_id, model_name=call.label)
    if base:
        Run.text.write(run, seal, base)
        run.seq = 1
    try:
        sql.insert(run)
    except IntegrityError as error:  # the database allows one open run per conversation
        raise ChatError("busy", BUSY) from error
    sql.update(Conversation, {"id": conversation.pk}, head=run.pk, active_at=run.started_at, target=conversation.target)
    plan = RunPlan(
        id=run.pk,
        conversation_id=conversation.pk,
        owner_id=user.pk,
        language=get_language() or "",
        seal=seal,
        call=call,
        base=base,
    )
    transaction.on_commit(lambda: RUN.launch(plan))
    announce(conversation, "started", run.pk)
    return Started(conversation, message, run)
