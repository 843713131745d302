"""What the person's other tabs are told, and what a turn can be refused for."""

from __future__ import annotations

import uuid
from typing import Any

from django.db import transaction
from django.utils.translation import gettext_lazy

from apps.chat.models import Conversation
from apps.core import live

BUSY = gettext_lazy("An answer is still being written in this conversation. Stop it, or wait for its end.")


class ChatError(ValueError):
    """A turn cannot start. `code` is for programs, the message a sentence for the person."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def announce(conversation: Conversation, change: str, run_id: uuid.UUID | None = None) -> None:
    """After commit, tell the owner's tabs that a conversation has changed. The tab whose command started a run has its answer."""
    frame: dict[str, Any] = {"type": "conversation.changed", "conversation": str(conversation.pk), "change": change}
    if run_id is not None:
        frame["run"] = str(run_id)
    transaction.on_commit(lambda: live.push(live.user_group(conversation.owner_id), frame, to_asker=change != "started"))
