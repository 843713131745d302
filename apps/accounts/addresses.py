"""One spelling for an e-mail address, a name and a password, whichever way they come in.

Two spellings that look alike to people must not be two people: full-width letters, invisible characters, the several ways to
write “é”, a domain in its own letters and in the ASCII form that mail servers use.
"""

from __future__ import annotations

import unicodedata

import idna
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator, validate_email

from apps.core.text import is_unseen, visible


def normal_email(text: str) -> str:
    """Return the address `text` as people are known by it: lower case, nothing invisible, the domain in its ASCII form.

    What is not an address is returned as something that is not one: the caller checks that (`check_email`).
    """
    # First without invisible characters: they would keep a letter and its accent apart.
    seen = unicodedata.normalize("NFKC", "".join(letter for letter in text if not is_unseen(letter))).strip()
    local, sign, domain = seen.lower().rpartition("@")
    return f"{local}{sign}{normal_domain(domain)}"


def normal_domain(text: str) -> str:
    """Return the domain `text` in its ASCII form and lower case. What IDNA refuses is returned as it is."""
    domain = text.strip().lower().rstrip(".。 ")
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return domain


def check_email(email: str) -> None:
    """Raise ValidationError unless `email`, as `normal_email` returned it, is an address.

    Only ASCII is accepted: no Cyrillic “а” passes for a Latin one, and no domain that IDNA refuses comes in by a laxer rule.
    """
    if not email.isascii():
        raise ValidationError(EmailValidator.message, code="invalid")
    validate_email(email)


def normal_name(text: str) -> str:
    """Return the name `text` with its letters composed, nothing invisible and single spaces."""
    return unicodedata.normalize("NFC", visible(text))


def normal_password(text: str) -> str:
    """Return the password `text` as it is hashed: a keyboard that sends “e” and an accent gives the same as one that sends “é”.

    As in RFC 8265 (OpaqueString): composed letters, plain spaces; nothing else is changed.
    """
    return "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in unicodedata.normalize("NFC", text))
