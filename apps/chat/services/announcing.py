"""What the person's other tabs are told, and why a turn can be refused."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy

from apps.chat.models import Conversation
from apps.core import live
from apps.core.refusals import Refusal

BUSY = gettext_lazy("An answer is still being written in this conversation. Stop it, or wait for its end.")


class ChatError(Refusal):
    """A turn cannot start, or a conversation cannot be changed in this way."""

    def __init__(self, code: str, sentence: str | Promise, field: str = "") -> None:
        super().__init__(sentence, code=code, field=field)


def announce(conversation: Conversation, change: str, run_id: uuid.UUID | None = None) -> None:
    """After commit, tell the owner's tabs that a conversation has changed. The tab whose command started a run has its answer."""
    frame: dict[str, Any] = {"type": "conversation.changed", "conversation": str(conversation.pk), "change": change}
    if run_id is not None:
        frame["run"] = str(run_id)
    transaction.on_commit(lambda: live.push(live.user_group(conversation.owner_id), frame, to_asker=change != "started"))
