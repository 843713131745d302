"""Conversations are renamed, deleted, switched to another branch or another model."""

from __future__ import annotations

import uuid
from functools import partial
from typing import TYPE_CHECKING

from django.db import transaction
from django.utils.translation import gettext as _

from apps.chat import queries
from apps.chat.models import Conversation, Message
from apps.core import audit
from apps.core.missing import NotThere, get_or_not_there
from apps.gateway import answers
from apps.gateway.enums import AnswerState
from apps.gateway.services import prepare_call

from .announcing import BUSY, ChatError, announce

if TYPE_CHECKING:
    from apps.accounts.models import User

MAX_TITLE = 120


@transaction.atomic
def rename_conversation(*, user: User, conversation_id: uuid.UUID, title: str) -> Conversation:
    """Give a conversation another title (at most 120 characters). After commit the owner's tabs are told.

    Raises NotThere, ChatError.
    """
    title = " ".join(title.split())
    if not title:
        raise ChatError("empty", _("Give the conversation a title."), "title")
    if len(title) > MAX_TITLE:
        raise ChatError("too_long", _("A title has at most %(limit)s characters.") % {"limit": MAX_TITLE}, "title")
    conversation = queries.get_conversation_for(user, conversation_id, lock=True)
    Conversation.title.write(conversation, conversation.seal(), title)
    conversation.save(update_fields=["title"])
    announce(conversation, "renamed")
    return conversation


@transaction.atomic
def delete_conversation(*, user: User, conversation_id: uuid.UUID) -> None:
    """Delete a conversation and all that was written in it, for good, and end its run.

    Writes an audit entry; after commit the owner's tabs are told. Raises NotThere.
    """
    conversation = queries.get_conversation_for(user, conversation_id, lock=True)
    for run_id in conversation.runs.filter(state=AnswerState.STREAMING).values_list("pk", flat=True):
        transaction.on_commit(partial(answers.stop, run_id))
    audit.record(actor=user, action="chat.delete_conversation", target=conversation, subject=user)
    announce(conversation, "deleted")
    conversation.head = None
    conversation.save(update_fields=["head"])
    conversation.delete()


@transaction.atomic
def choose_run(*, user: User, run_id: uuid.UUID) -> Conversation:
    """Show the branch a run is in. After commit the owner's tabs are told.

    Raises NotThere; ChatError while an answer is being written.
    """
    run = queries.get_run_for(user, run_id)
    conversation = queries.get_conversation_for(user, run.conversation_id, lock=True)
    if conversation.runs.filter(state=AnswerState.STREAMING).exists():
        raise ChatError("busy", BUSY)
    conversation.head = queries.last_run_under(conversation, run)
    conversation.save(update_fields=["head"])
    announce(conversation, "branch")
    return conversation


def choose_message(*, user: User, message_id: uuid.UUID) -> Conversation:
    """Show the branch of another version of a message. Like `choose_run`."""
    message = get_or_not_there(Message.objects.all(), pk=message_id, conversation__owner=user.pk)
    run = message.runs.order_by("-started_at", "-id").first()
    if run is None:
        raise NotThere
    return choose_run(user=user, run_id=run.pk)


def choose_target(*, user: User, conversation_id: uuid.UUID, target: str) -> Conversation:
    """Have the next answers of a conversation come from another model. Raises NotThere;
    GatewayError when `target` is not available."""
    with transaction.atomic():
        conversation = queries.get_conversation_for(user, conversation_id, lock=True)
        prepare_call(user=user, target=target, messages=[], purpose="chat", reference=str(conversation.pk))
        conversation.target = target
        conversation.save(update_fields=["target"])
    return conversation
