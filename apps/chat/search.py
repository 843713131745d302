"""What the command palette finds of this app: the person's own conversations, by title.

Titles are encrypted: they are decrypted one after another and compared, the latest first, and nothing decrypted is kept. So the
search has a budget, and says so when it did not get to the end.
"""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING

from django.urls import reverse
from django.utils.translation import ngettext

from apps.access.queries import has_capability
from apps.core.crypto import CryptoError
from apps.core.search import Hit, Partial, matcher

from .commands import USE
from .queries import conversations_for, open_headings, recent_for

if TYPE_CHECKING:
    from apps.accounts.models import User

    from .queries import Heading

MOST = 500  # titles
SECONDS = 0.03


def find_conversations(user: User, text: str, limit: int) -> list[Hit] | Partial:
    """Return the person's own conversations by title, the latest first; without a text, the latest. Nothing without `chat.use`.

    Three queries: the right, the conversations, the person's key. Looks at `MOST` titles and for `SECONDS` at most.
    """
    if not has_capability(user, USE):
        return []
    if not text:
        return [_hit(heading) for heading in recent_for(user, limit) if heading.title is not None]
    hits: list[Hit] = []
    latest = list(conversations_for(user).only("owner_id", "data_key", "title", "active_at")[: MOST + 1])
    matches = matcher(text)
    until = time.monotonic() + SECONDS
    with suppress(CryptoError):  # nothing can be decrypted now, or never again: nothing is found
        for looked_at, heading in enumerate(open_headings(latest) if latest else ()):
            if len(hits) == limit:
                break
            if looked_at and (looked_at == MOST or time.monotonic() > until):
                return Partial(hits, _where(looked_at))
            if heading.title is not None and matches(heading.title):
                hits.append(_hit(heading))
    return hits


def _where(looked_at: int) -> str:
    sentence = ngettext(
        "Only your last conversation was searched.", "Only your last %(count)s conversations were searched.", looked_at
    )
    return sentence % {"count": looked_at}


def _hit(heading: Heading) -> Hit:
    return Hit(label=heading.title or "", url=reverse("chat:conversation", args=[heading.id]), icon="message")
