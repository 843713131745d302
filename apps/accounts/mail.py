"""E-mails go through the outbox: a mail server that is slow or down delays nobody and loses nothing, and the response time
does not reveal whether an address is known."""

from __future__ import annotations

from collections.abc import Sequence

from django.core.mail import EmailMessage
from django.db import transaction

from apps.core import outbox
from apps.core.models import Heartbeat, OutboxMessage

from .secrecy import seal, unseal


@outbox.task
def send_letter(*, to: list[str], subject: str, body: str) -> None:
    """Send one e-mail. If it runs twice, it is sent twice: better than not at all."""
    deliver(to=to, subject=subject, body=unseal(body, purpose="letter"))


def deliver(*, to: list[str], subject: str, body: str) -> None:
    """Hand a plain-text e-mail to the mail server, and note that one was sent. Raises SMTPException and OSError."""
    EmailMessage(subject=subject, body=body, to=to).send()
    Heartbeat.note("mail")


def queue(*, to: Sequence[str], subject: str, body: str) -> OutboxMessage:
    """Send a plain-text e-mail soon, if the transaction commits. Its text is stored encrypted, because it may contain a link
    that opens an account. Every e-mail goes this way, except `services.send_test`; returns the message it waits in."""
    with transaction.atomic():
        return outbox.enqueue(send_letter, to=list(to), subject=subject, body=seal(body, purpose="letter"))
