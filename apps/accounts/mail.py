"""Letters go through the outbox: a mail server that is slow or down delays nobody and loses nothing, and how long an
answer takes does not tell whether an address is known."""

from __future__ import annotations

from collections.abc import Sequence

from django.db import transaction

from apps.core import outbox
from apps.core.models import OutboxMessage

from .secrecy import seal


def queue(*, to: Sequence[str], subject: str, body: str) -> OutboxMessage:
    """Have a letter of plain text sent soon, if the transaction commits. Its text rests encrypted, because it may hold a link
    that opens an account. Every letter goes this way, but for `services.send_test`; the message it waits in is returned."""
    from .tasks import send_letter

    with transaction.atomic():
        return outbox.enqueue(send_letter, to=list(to), subject=subject, body=seal(body, purpose="letter"))
