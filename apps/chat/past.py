"""Conversations of a made-up past, as people at an insurer have them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from apps.access.demo import trained_accounts
from apps.access.models import CharterSignature
from apps.accounts.past import made_up_people
from apps.core import crypto, sql
from apps.core.ids import uuid7
from apps.core.past import Past
from apps.gateway.enums import STANDARD_ALIAS, AnswerState
from apps.gateway.models import ModelVersion

from .context import title_from
from .models import Conversation, Message, Run
from .past_talk import DIALOGUES

MOST = 8  # conversations of one person
FEW_PEOPLE = 400  # beyond these, one in ten of those who may chat has conversations
# The tables refer to each other: the database checks that at the end of the transaction.
COLUMNS: dict[type[Any], list[str]] = {
    Conversation: ["id", "owner_id", "data_key", "title", "target", "head_id", "created_at", "active_at"],
    Message: ["id", "conversation_id", "follows_id", "text", "created_at"],
    Run: [
        *("id", "conversation_id", "message_id", "version_id", "model_name", "state", "text", "seq"),
        *("started_at", "heartbeat_at", "ended_at"),
    ],
}


def write_conversations(past: Past) -> int:
    """Give people who may chat and never did some conversations, encrypted like all others; return the number of rows.

    Only people of the demo world who were trained from its first day on: others write their own.
    """
    versions = list(ModelVersion.objects.select_related("model").filter(price_out__gt=0).order_by("created_at", "label"))
    if not versions:
        return 0
    rows: dict[type[Any], list[tuple[Any, ...]]] = {model: [] for model in COLUMNS}
    signed = (
        CharterSignature.objects.filter(user__in=made_up_people() | trained_accounts(), user__conversations=None)
        .order_by("user__email")
        .values_list("user", "user__email", "signed_at")
    )
    for user, email, since in signed:
        chance = past.random("chat", email)
        if past.people > FEW_PEOPLE and chance.random() > 0.1:
            continue
        since = max(since, past.start)
        for _number in range(min(1 + int(chance.expovariate(0.4)), MOST)):
            data_key = crypto.new_data_key(user)
            seal = crypto.open_seal(data_key, user)
            conversation, head, version = uuid7(), None, chance.choice(versions)
            began = at = past.at_work(since + chance.random() * (past.until - since), chance)
            dialogue = chance.choice(DIALOGUES)
            for text, answer in dialogue:
                message, run = uuid7(), uuid7()
                rows[Message].append((message, conversation, head, Message.text.close(seal, text, key=message), at))
                ended = at + timedelta(milliseconds=600 + 14 * len(answer))
                sealed = Run.text.close(seal, answer, key=run)
                name = f"{version.model.name} {version.label}"
                rows[Run].append(
                    (run, conversation, message, version.pk, name, AnswerState.DONE, sealed, len(answer) // 4, at, ended, ended)
                )
                head, at = run, ended + timedelta(seconds=chance.randrange(20, 400))
            title = Conversation.title.close(seal, title_from(dialogue[0][0]), key=conversation)
            rows[Conversation].append((conversation, user, data_key, title, STANDARD_ALIAS, head, began, min(at, past.until)))
    return sum(sql.insert_many(model, COLUMNS[model], rows[model]) for model in COLUMNS)
