"""Reading conversations. Somebody else's and missing ones raise the same NotThere."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from apps.core import sql
from apps.core.crypto import CryptoError, Seal, seal_opener
from apps.core.markdown import render_answer
from apps.core.missing import get_or_not_there
from apps.gateway.answers import Answer
from apps.gateway.enums import AnswerState
from apps.gateway.errors import failure_in_words

from .models import Conversation, Message, Run

if TYPE_CHECKING:
    from apps.accounts.models import User


@dataclass(frozen=True, slots=True)
class Heading:
    """A conversation as lists show it. `title` is None when it cannot be decrypted."""

    id: uuid.UUID
    title: str | None
    active_at: datetime


@dataclass(frozen=True, slots=True)
class Choice:
    """Which of several versions is shown: `ids` in order, `shown` among them."""

    ids: list[uuid.UUID]
    shown: uuid.UUID

    @property
    def number(self) -> int:
        """Its position, from 1."""
        return self.ids.index(self.shown) + 1

    @property
    def total(self) -> int:
        return len(self.ids)

    @property
    def previous(self) -> uuid.UUID | None:
        return self.ids[self.number - 2] if self.number > 1 else None

    @property
    def next(self) -> uuid.UUID | None:
        return self.ids[self.number] if self.number < self.total else None


@dataclass(frozen=True, slots=True)
class Turn:
    """One message of the branch that is shown, and the answer to it.

    `versions` and `answers` are the ids of the message's and the run's siblings in order, themselves among them.
    """

    message: Message
    text: str
    versions: list[uuid.UUID]
    run: Run | None
    answer: str
    answers: list[uuid.UUID] = field(default_factory=list)
    is_last: bool = False

    @property
    def answer_html(self) -> SafeString:
        return render_answer(self.answer)

    @property
    def failure(self) -> str:
        """What went wrong with the answer, in a sentence; empty when nothing did."""
        if self.run is None or not self.run.error_code:
            return ""
        return failure_in_words(self.run.error_code, self.answer)

    @property
    def version_choice(self) -> Choice:
        return Choice(self.versions, self.message.pk)

    @property
    def answer_choice(self) -> Choice | None:
        return Choice(self.answers, self.run.pk) if self.run else None


def conversations_for(user: User) -> QuerySet[Conversation]:
    """Return the conversations `user` may see: their own, latest first."""
    return Conversation.objects.filter(owner=user.pk).order_by("-active_at", "-pk")


def get_conversation_for(user: User, conversation_id: uuid.UUID, *, lock: bool = False) -> Conversation:
    """Return one conversation of `user`. Raises NotThere."""
    return sql.get(Conversation, id=conversation_id, owner=user.pk, lock=lock)


def get_run_for(user: User, run_id: uuid.UUID) -> Run:
    """Return one run in a conversation of `user`, conversation included. Raises NotThere."""
    return get_or_not_there(Run.objects.select_related("conversation"), pk=run_id, conversation__owner=user.pk)


def stored_run(run_id: uuid.UUID) -> Answer | None:
    """Return a run as the database has it; None if it was deleted meanwhile."""
    run = Run.objects.select_related("conversation").filter(pk=run_id).first()
    if run is None:
        return None
    text = Run.text.read(run, seal_opener(run.conversation.owner_id)(run.conversation.data_key))
    return Answer(AnswerState(run.state), text, run.seq, run.error_code, run.cut_short)


def headings(conversations: list[Conversation]) -> list[Heading]:
    """Decrypt the titles of conversations of one owner. One query however many."""
    if not conversations:
        return []
    try:
        return list(open_headings(conversations))
    except CryptoError:
        return [Heading(conversation.pk, None, conversation.active_at) for conversation in conversations]


def open_headings(conversations: Sequence[Conversation]) -> Iterator[Heading]:
    """Decrypt the titles of conversations (at least one) of one owner one by one, as they are requested.

    Raises CryptoError when their owner's key is not available.
    """
    open_for_owner = seal_opener(conversations[0].owner_id)
    for conversation in conversations:
        try:
            title: str | None = Conversation.title.read(conversation, open_for_owner(conversation.data_key))
        except CryptoError:
            title = None
        yield Heading(conversation.pk, title, conversation.active_at)


def recent_for(user: User, limit: int = 5) -> list[Heading]:
    """Return the latest conversations of `user`."""
    return headings(list(conversations_for(user)[:limit]))


def branch(conversation: Conversation, seal: Seal) -> list[Turn]:
    """Return the turns of the branch that ends with `conversation.head`, first to last. Two queries."""
    messages = list(conversation.messages.order_by("created_at", "id"))
    runs = list(conversation.runs.order_by("started_at", "id"))
    siblings: dict[uuid.UUID | None, list[uuid.UUID]] = {}
    for message in messages:
        siblings.setdefault(message.follows_id, []).append(message.pk)
    answers: dict[uuid.UUID, list[uuid.UUID]] = {}
    for run in runs:
        answers.setdefault(run.message_id, []).append(run.pk)
    messages_by_id = {message.pk: message for message in messages}
    runs_by_id = {run.pk: run for run in runs}
    turns: list[Turn] = []
    next_id = conversation.head_id
    while next_id is not None:
        run = runs_by_id[next_id]
        message = messages_by_id[run.message_id]
        turns.append(
            Turn(
                message=message,
                text=Message.text.read(message, seal),
                versions=siblings[message.follows_id],
                run=run,
                answer=Run.text.read(run, seal),
                answers=answers[message.pk],
                is_last=not turns,
            )
        )
        next_id = message.follows_id
    return turns[::-1]


# Needed for every turn. Only the branch that is shown is read, however many others the conversation has.
_SAID = """
    WITH RECURSIVE said (run_id, answer, message_id, text, follows_id, place) AS (
        SELECT r.id, r.text, m.id, m.text, m.follows_id, 1
        FROM chat_run r JOIN chat_message m ON m.id = r.message_id WHERE r.id = %(head)s
        UNION ALL
        SELECT r.id, r.text, m.id, m.text, m.follows_id, said.place + 1
        FROM said JOIN chat_run r ON r.id = said.follows_id JOIN chat_message m ON m.id = r.message_id
    )
    SELECT run_id, answer, message_id, text FROM said ORDER BY place DESC
"""


def said(conversation: Conversation, seal: Seal) -> list[tuple[str, str]]:
    """Return the texts of the branch that is shown, as (message, answer), first to last: the model's input. One light query."""
    return [
        (Message.text.open(seal, text, key=sql.as_uuid(message_id)), Run.text.open(seal, answer, key=sql.as_uuid(run_id)))
        for run_id, answer, message_id, text in sql.fetch(_SAID, head=conversation.head_id)
    ]


# Needed for every turn.
_WRITING = """
    SELECT COUNT(*) FROM chat_run r JOIN chat_conversation c ON c.id = r.conversation_id
    WHERE r.state = %(streaming)s AND r.heartbeat_at >= %(alive)s AND c.owner_id = %(owner)s
"""


def count_being_written(user: User, *, alive: datetime) -> int:
    """Return how many answers are being written for `user`, in whatever process, with a sign of life since `alive`."""
    [(count,)] = sql.fetch(_WRITING, streaming=AnswerState.STREAMING.value, alive=alive, owner=user.pk)
    return int(count)


def last_run_under(conversation: Conversation, run: Run) -> Run:
    """Return the latest run that descends from `run` (itself if nothing follows): the head when its branch is chosen."""
    messages = list(conversation.messages.order_by("created_at", "id"))
    runs = list(conversation.runs.order_by("started_at", "id"))
    while True:
        following = [message.pk for message in messages if message.follows_id == run.pk]
        deeper = [candidate for candidate in runs if candidate.message_id in following]
        if not deeper:
            return run
        run = deeper[-1]


@dataclass(frozen=True, slots=True)
class AgeGroup:
    """Conversations of one period, for the list."""

    label: str
    headings: list[Heading]


def by_age(found: list[Heading]) -> list[AgeGroup]:
    """Group conversations, latest first, by how long ago they were last used, in local days."""
    today = timezone.localdate()
    groups: list[AgeGroup] = []
    for heading in found:
        days = (today - timezone.localtime(heading.active_at).date()).days
        label = _("Today") if days <= 0 else _("Yesterday") if days == 1 else _("This week") if days < 7 else _("Earlier")
        if not groups or groups[-1].label != label:
            groups.append(AgeGroup(label, []))
        groups[-1].headings.append(heading)
    return groups
