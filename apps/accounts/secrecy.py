"""Small secrets that must be in the database and be read again: second factors, e-mails with a link that opens an account."""

from __future__ import annotations

import base64
import uuid

from apps.core import crypto

# The portal's own key, not a person's: an e-mail may be on its way to somebody whose key was destroyed.
OWNER = uuid.UUID("6a1f0f52-6f0e-4b53-9d0b-0c6e2d1f7a10")
WRAPPED_BYTES = 60  # nonce, 32 bytes of key, tag
MARK = "sealed:"


def seal(text: str, *, purpose: str) -> str:
    """Return `text` encrypted, as ASCII. It opens only for the same `purpose`. Raises CryptoError."""
    wrapped = crypto.new_data_key(OWNER)
    sealed = crypto.open_seal(wrapped, OWNER).close(text, table="accounts", column=purpose, key="")
    return MARK + base64.urlsafe_b64encode(wrapped + sealed).decode()


def unseal(sealed: str, *, purpose: str) -> str:
    """Return what `seal` was given for `purpose`. Raises CryptoError."""
    if not sealed.startswith(MARK):
        raise crypto.Tampered("This value was not sealed.")
    raw = base64.urlsafe_b64decode(sealed.removeprefix(MARK))
    seal = crypto.open_seal(raw[:WRAPPED_BYTES], OWNER)
    return seal.open(raw[WRAPPED_BYTES:], table="accounts", column=purpose, key="")
