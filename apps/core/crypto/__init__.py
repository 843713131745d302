"""Encryption of what people write: AES-256-GCM in three layers.

A *data key* (one for each conversation or document) encrypts the content. It is wrapped by its owner's *owner key*, which is
wrapped by a *key-encryption key* that a `KeyProvider` holds. Destroying an owner's key makes all their content unreadable.
Rotating the key-encryption key rewraps owner keys and touches no content.
"""

from .errors import CryptoError, KeyDestroyed, KeyUnavailable, Tampered
from .fields import SealedText
from .sealing import Seal, destroy_owner_key, new_data_key, open_seal, rewrap_owner_keys, seal_opener

__all__ = [
    "CryptoError",
    "KeyDestroyed",
    "KeyUnavailable",
    "Seal",
    "SealedText",
    "Tampered",
    "destroy_owner_key",
    "new_data_key",
    "open_seal",
    "rewrap_owner_keys",
    "seal_opener",
]
