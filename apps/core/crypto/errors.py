from __future__ import annotations


class CryptoError(Exception):
    """Content cannot be written or read. Nothing was stored unencrypted."""


class KeyUnavailable(CryptoError):
    """The key provider does not answer or lacks the key: try again later, or fix the configuration."""


class KeyDestroyed(CryptoError):
    """The owner's key was destroyed on purpose: the content is gone for good."""


class Tampered(CryptoError):
    """The stored bytes are not what was written at this place."""
