from __future__ import annotations

import smtplib
import socket

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from apps.accounts.errors import AccountError
from apps.accounts.mail import deliver
from apps.accounts.models import User
from apps.core import audit


class LetterNotSent(AccountError):
    """The mail server did not take an e-mail; the message says why."""


def send_test(*, actor: User) -> None:
    """Send `actor` an e-mail at once, not through the outbox, so that the mail server's answer can be shown.

    Notes that an e-mail was sent; writes an audit entry that says whether it was. May take as long as EMAIL_TIMEOUT.
    Raises LetterNotSent.
    """
    subject = _("Almia: this is a test e-mail")
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
    """Return a sentence about what went wrong, with what the server said if it said anything."""
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
            return _("The e-mail could not be sent: %(reason)s") % {"reason": error}
