"""Who holds the key-encryption key."""

from __future__ import annotations

import base64
import json
import os
import secrets
from functools import cache
from pathlib import Path
from typing import Protocol

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured

from .errors import KeyUnavailable, Tampered

NONCE_BYTES = 12


class KeyProvider(Protocol):
    """Wraps and unwraps owner keys (32 bytes). `context` is authenticated, not stored.

    Raises KeyUnavailable when the provider does not answer or lacks the version.
    """

    def current_version(self) -> str: ...

    def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]: ...

    def unwrap(self, version: str, wrapped: bytes, context: bytes) -> bytes: ...


class LocalKeyProvider:
    """Keeps the keys in a file, `{"current": "1", "keys": {"1": "<base64 of 32 bytes>"}}`, readable by its owner only."""

    def __init__(self, path: Path, *, may_create: bool) -> None:
        self._path = path
        self._may_create = may_create
        self._loaded: tuple[str, dict[str, AESGCM]] | None = None

    def _load(self) -> tuple[str, dict[str, AESGCM]]:
        if self._loaded is None:
            if not self._path.exists() and self._may_create:
                self._create()
            try:
                document = json.loads(self._path.read_text())
                keys = {version: AESGCM(base64.b64decode(key)) for version, key in document["keys"].items()}
                keys[document["current"]]  # a current version without its key is a broken file
                self._loaded = (document["current"], keys)
            except (OSError, ValueError, KeyError, TypeError) as error:
                raise KeyUnavailable(f"The key file {self._path.name} cannot be used: {type(error).__name__}.") from error
        return self._loaded

    def _create(self) -> None:
        self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        document = {"current": "1", "keys": {"1": base64.b64encode(secrets.token_bytes(32)).decode()}}
        try:
            descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError:
            return  # another process generated it first
        with os.fdopen(descriptor, "w") as file:
            json.dump(document, file)

    def current_version(self) -> str:
        return self._load()[0]

    def add_key(self) -> str:
        """Generate another key in the file, make it the current one and return its version. The others stay, for older content.

        Running processes keep wrapping with the key they know until they are restarted.
        """
        self._load()
        document = json.loads(self._path.read_text())
        version = str(max(int(known) for known in document["keys"]) + 1)
        document["keys"][version] = base64.b64encode(secrets.token_bytes(32)).decode()
        document["current"] = version
        draft = self._path.with_name(f".{self._path.name}.{os.getpid()}")
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            json.dump(document, file)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._path)
        self._loaded = None
        return version

    def wrap(self, key: bytes, context: bytes) -> tuple[str, bytes]:
        version, keys = self._load()
        nonce = secrets.token_bytes(NONCE_BYTES)
        return version, nonce + keys[version].encrypt(nonce, key, context)

    def unwrap(self, version: str, wrapped: bytes, context: bytes) -> bytes:
        _, keys = self._load()
        if version not in keys:
            self._loaded = None  # the file may have been rotated by another process
            _, keys = self._load()
        if version not in keys:
            raise KeyUnavailable(f"The key file has no version {version}.")
        try:
            return keys[version].decrypt(wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], context)
        except (InvalidTag, ValueError) as error:
            raise Tampered("An owner key does not open with the key-encryption key it names.") from error


def get_key_provider() -> KeyProvider:
    """Return the provider that settings name."""
    if settings.KEY_PROVIDER == "local":
        return _local(settings.KEY_FILE, settings.KEY_FILE_MAY_BE_CREATED)
    raise ImproperlyConfigured(f"ALMIA_KEY_PROVIDER: {settings.KEY_PROVIDER!r} is not known. Known: local.")


@cache
def _local(path: Path, may_create: bool) -> LocalKeyProvider:
    return LocalKeyProvider(path, may_create=may_create)


async def check_key_provider() -> None:
    """Raise KeyUnavailable if nothing could be encrypted. Called when the server starts: better no start than refusals later."""
    from apps.core import db

    await db.run(lambda: get_key_provider().current_version())
