"""Letters go through the outbox: a mail server that is slow or down delays nobody and loses nothing, and how long an
answer takes does not tell whether an address is known."""

from __future__ import annotations

import smtplib
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING

from django.conf import settings
from django.core.mail import EmailMessage
from django.db import transaction
from django.utils.translation import gettext as _

from apps.core import audit, outbox
from apps.core.models import Heartbeat, OutboxMessage

from .errors import AccountError
from .secrecy import seal, unseal

if TYPE_CHECKING:
    from .models import User


class LetterNotSent(AccountError):
    """The mail server did not take a letter; the message says why."""


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
    that opens an account. Every letter goes this way, but for `send_test`; the message it waits in is returned."""
    with transaction.atomic():
        return outbox.enqueue(send_letter, to=list(to), subject=subject, body=seal(body, purpose="letter"))


def send_test(*, actor: User) -> None:
    """Send `actor` a letter at once, not through the outbox, so that what the mail server says can be told.

    Notes that a letter left; writes an audit entry that says whether it did. May take as long as EMAIL_TIMEOUT.
    Raises LetterNotSent.
    """
    subject = _("Almia: this letter is a test")
    body = _("You asked for it on the page “Setting up”. It has reached you: Almia can write to people.")
    reason = ""
    try:
        deliver(to=[actor.email], subject=subject, body=body)
    except (smtplib.SMTPException, OSError) as error:
        reason = _said_of(error, actor.email)
    with transaction.atomic():
        audit.record(actor=actor, action="accounts.test_mail", target=actor, details={"sent": not reason})
    if reason:
        raise LetterNotSent(reason)


def _said_of(error: Exception, address: str) -> str:
    """Return a sentence about what went wrong, with what the server said where it said something."""
    server = f"{settings.EMAIL_HOST}:{settings.EMAIL_PORT}"
    match error:
        case smtplib.SMTPAuthenticationError():
            return _("The mail server %(server)s refuses Almia’s name and password.") % {"server": server}
        case smtplib.SMTPRecipientsRefused():
            return _("The mail server %(server)s refuses the address %(address)s.") % {"server": server, "address": address}
        case smtplib.SMTPSenderRefused(sender=sender):
            return _("The mail server %(server)s does not let Almia write as %(address)s.") % {
                "server": server,
                "address": sender,
            }
        case smtplib.SMTPServerDisconnected() | ConnectionError() | TimeoutError():
            return _("The mail server %(server)s does not answer.") % {"server": server}
        case socket.gaierror():
            return _("There is no mail server %(server)s: its name is not known.") % {"server": server}
        case smtplib.SMTPResponseException(smtp_code=code, smtp_error=answer):
            said = answer.decode(errors="replace") if isinstance(answer, bytes) else answer
            return _("The mail server %(server)s answers: %(code)s %(said)s") % {"server": server, "code": code, "said": said}
        case _other:
            return _("The letter could not be handed over: %(reason)s") % {"reason": error}
