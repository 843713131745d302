from __future__ import annotations

from django.core.mail import EmailMessage

from apps.core import outbox
from apps.core.models import Heartbeat

from .secrecy import unseal


@outbox.task
def send_letter(*, to: list[str], subject: str, body: str) -> None:
    """Send one letter. Run twice, it is sent twice: better than not at all."""
    deliver(to=to, subject=subject, body=unseal(body, purpose="letter"))


def deliver(*, to: list[str], subject: str, body: str) -> None:
    """Hand a letter of plain text to the mail server, and note that one left. Raises SMTPException and OSError."""
    EmailMessage(subject=subject, body=body, to=to).send()
    Heartbeat.note("mail")
