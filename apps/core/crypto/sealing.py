"""Data keys and sealed values."""

from __future__ import annotations

import secrets
import threading
import time
import uuid
from collections.abc import Callable

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core import sql
from apps.core.models import OwnerKey

from .errors import KeyDestroyed, Tampered
from .providers import NONCE_BYTES, get_key_provider

KEY_BYTES = 32
CACHE_SECONDS = 300
CACHE_SIZE = 4096

# Unwrapped owner keys, by owner and wrapped bytes: a destroyed key has no wrapped bytes left to look up with, and one that was
# copied to another owner's row is not found.
_unwrapped: dict[tuple[uuid.UUID, bytes], tuple[float, bytes]] = {}
_lock = threading.Lock()


def _place(table: str, column: str, key: object) -> bytes:
    return f"{table}\x1f{column}\x1f{key}".encode()


class Seal:
    """Encrypts and decrypts the content of one conversation or document with its data key.

    Each value is bound to its place (`table`, `column`, primary key): moved elsewhere, it does not open.
    """

    __slots__ = ("_cipher",)

    def __init__(self, data_key: bytes) -> None:
        self._cipher = AESGCM(data_key)

    def close(self, plaintext: str, *, table: str, column: str, key: object) -> bytes:
        """Return nonce + ciphertext of `plaintext`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, plaintext.encode(), _place(table, column, key))

    def open(self, sealed: bytes | memoryview, *, table: str, column: str, key: object) -> str:
        """Return the text that `close` was given for this place. Raises Tampered."""
        sealed = bytes(sealed)
        try:
            return self._cipher.decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], _place(table, column, key)).decode()
        except (InvalidTag, ValueError) as error:
            raise Tampered(f"A value of {table}.{column} does not open.") from error


def _owner_context(owner_id: uuid.UUID) -> bytes:
    return _place("core_ownerkey", "wrapped", owner_id)


def _find_owner_key(owner_id: uuid.UUID) -> bytes | None:
    """Return the owner's key, None when none was drawn yet. The row is read each time: a key that was destroyed opens nothing."""
    rows = sql.fetch("SELECT kek_version, wrapped FROM core_ownerkey WHERE owner_id = %(owner)s", owner=owner_id)
    if not rows:
        return None
    [(version, stored)] = rows
    if stored is None:
        raise KeyDestroyed("The key of this content's owner was destroyed.")
    wrapped = bytes(stored)
    now = time.monotonic()
    with _lock:
        hit = _unwrapped.get((owner_id, wrapped))
    if hit and hit[0] > now:
        return hit[1]
    key = get_key_provider().unwrap(version, wrapped, _owner_context(owner_id))
    with _lock:
        if len(_unwrapped) >= CACHE_SIZE:
            _unwrapped.clear()
        _unwrapped[owner_id, wrapped] = (now + CACHE_SECONDS, key)
    return key


def _owner_key(owner_id: uuid.UUID) -> bytes:
    """Return the owner's key, drawn now if there is none."""
    found = _find_owner_key(owner_id)
    if found is not None:
        return found
    key = secrets.token_bytes(KEY_BYTES)
    version, wrapped = get_key_provider().wrap(key, _owner_context(owner_id))
    try:
        with transaction.atomic():
            OwnerKey.objects.create(owner_id=owner_id, kek_version=version, wrapped=wrapped)
    except IntegrityError:  # drawn by another process meanwhile
        return _owner_key(owner_id)
    return key


def new_data_key(owner_id: uuid.UUID) -> bytes:
    """Draw a data key for `owner_id` and return it wrapped, to be stored beside the content.

    Creates the owner's key at first use. Raises KeyUnavailable, KeyDestroyed.
    """
    nonce = secrets.token_bytes(NONCE_BYTES)
    data_key = secrets.token_bytes(KEY_BYTES)
    return nonce + AESGCM(_owner_key(owner_id)).encrypt(nonce, data_key, b"data-key")


def seal_opener(owner_id: uuid.UUID) -> Callable[[bytes | memoryview], Seal]:
    """Return a function that opens any data key of `owner_id`: one query for a whole list. Both raise as `open_seal` does."""
    key = _find_owner_key(owner_id)
    if key is None:
        raise KeyDestroyed("The key of this content's owner is not there.")
    cipher = AESGCM(key)

    def open_key(wrapped_data_key: bytes | memoryview) -> Seal:
        wrapped = bytes(wrapped_data_key)
        try:
            return Seal(cipher.decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], b"data-key"))
        except (InvalidTag, ValueError) as error:
            raise Tampered("A data key does not open with its owner's key.") from error

    return open_key


def open_seal(wrapped_data_key: bytes | memoryview, owner_id: uuid.UUID) -> Seal:
    """Return the Seal for content whose data key was wrapped for `owner_id`. One query.

    Raises KeyUnavailable, KeyDestroyed, Tampered.
    """
    return seal_opener(owner_id)(wrapped_data_key)


def destroy_owner_key(*, owner_id: uuid.UUID) -> None:
    """Destroy the key of `owner_id`: all their content becomes unreadable for ever. Idempotent."""
    OwnerKey.objects.filter(owner_id=owner_id, wrapped__isnull=False).update(wrapped=None, destroyed_at=timezone.now())


def rewrap_owner_keys() -> int:
    """Wrap every owner key with the provider's current key-encryption key; return how many were rewrapped."""
    provider = get_key_provider()
    current = provider.current_version()
    count = 0
    for row in OwnerKey.objects.filter(wrapped__isnull=False).exclude(kek_version=current).iterator():
        context = _owner_context(row.owner_id)
        assert row.wrapped is not None
        key = provider.unwrap(row.kek_version, bytes(row.wrapped), context)
        version, wrapped = provider.wrap(key, context)
        count += OwnerKey.objects.filter(pk=row.pk, wrapped=row.wrapped).update(kek_version=version, wrapped=wrapped)
    return count
