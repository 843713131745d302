"""Letters go through the outbox: a mail server that is slow or down delays nobody and loses nothing, and how long an
answer takes does not tell whether an address is known."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.db import transaction

from apps.core import outbox
from apps.core.models import Heartbeat, OutboxMessage

from .secrecy import seal, unseal


@outbox.task
def send_letter(*, to: list[str], subject: str, body: str) -> None:
    """Send one letter. Run twice, it is sent twice: better than not at all."""
    deliver(to=to, subject=subject, body=unseal(body, purpose="letter"))


def deliver(*, to: list[str], subject: str, body: str) -> None:
    """Hand a letter of plain text to the mail server, and note that one left. Raises SMTPException and OSError."""
    EmailMessage(subject=subject, body=body, to=to).send()
    Heartbeat.note("mail")


def queue(*, to: Sequence[str], subject: str, body: str) -> OutboxMessage:
    """Have a letter of plain text sent soon, if the transaction commits. Its text rests encrypted, because it may hold a link
    that opens an account. Every letter goes this way, but for `services.send_test`; the message it waits in is returned."""
    with transaction.atomic():
        return outbox.enqueue(send_letter, to=list(to), subject=subject, body=seal(body, purpose="letter"))
