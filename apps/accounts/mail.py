"""Letters of this app go through the outbox: a mail server that is slow or down delays nobody and loses nothing, and how long an
answer takes does not tell whether an address is known."""

from __future__ import annotations

from django.core.mail import EmailMessage
from django.db import transaction

from apps.core import outbox

from .secrecy import seal


def queue(message: EmailMessage) -> None:
    """Have `message` sent soon. Its text rests encrypted, because it may hold a link that opens an account."""
    from .tasks import send_letter

    with transaction.atomic():
        outbox.enqueue(
            send_letter, to=list(message.to), subject=str(message.subject), body=seal(str(message.body), purpose="letter")
        )
