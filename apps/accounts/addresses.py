"""One spelling for an e-mail address, a name and a password, whatever door they come through.

Two spellings that look alike to people must not be two people: full-width letters, invisible characters, the several ways to
write “é”, a domain in its own letters and in the ASCII form that mail servers use.
"""

from __future__ import annotations

import unicodedata

import idna

from apps.core.text import is_unseen, visible


def normal_email(text: str) -> str:
    """Return the address `text` as people are known by it: small letters, nothing invisible, the domain in its ASCII form.

    What is no address comes back as no address: whoever takes one in checks that (`validate_email`). A local part keeps to ASCII
    by that check, so that no Cyrillic “а” passes for a Latin one.
    """
    seen = "".join(letter for letter in unicodedata.normalize("NFKC", text) if not is_unseen(letter)).strip()
    local, sign, domain = seen.lower().rpartition("@")
    return f"{local}{sign}{_ascii(domain.rstrip('.'))}"


def _ascii(domain: str) -> str:
    if domain.isascii():
        return domain
    try:
        return idna.encode(domain, uts46=True).decode("ascii").lower()
    except (idna.IDNAError, UnicodeError):
        return domain


def normal_name(text: str) -> str:
    """Return the name `text` with its letters composed, nothing invisible and single spaces."""
    return visible(unicodedata.normalize("NFC", text))


def normal_password(text: str) -> str:
    """Return the password `text` as it is hashed: a keyboard that sends “e” and an accent types the same as one that sends “é”.

    As RFC 8265 (OpaqueString): composed letters, plain spaces; nothing else is touched.
    """
    return "".join(" " if unicodedata.category(letter) == "Zs" else letter for letter in unicodedata.normalize("NFC", text))
