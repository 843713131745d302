from __future__ import annotations

from django.core.mail import EmailMessage

from apps.core import outbox

from .secrecy import unseal


@outbox.task
def send_letter(*, to: list[str], subject: str, body: str) -> None:
    """Send one letter. Run twice, it is sent twice: better than not at all."""
    EmailMessage(subject=subject, body=unseal(body, purpose="letter"), to=to).send()
