"""Providers' API keys: each encrypted with its own data key, under a fixed owner that stands for the gateway."""

from __future__ import annotations

import uuid

from apps.core import crypto

from .models import Provider

OWNER = uuid.UUID("6a7e0a11-0000-7000-8000-000000000001")


def put_key(provider: Provider, api_key: str) -> None:
    """Set the key on the instance (not saved); an empty one removes it. Raises crypto.KeyUnavailable."""
    if not api_key:
        provider.wrapped_key = provider.sealed_api_key = None
        provider.key_hint = ""
        return
    wrapped = crypto.new_data_key(OWNER)
    provider.wrapped_key = wrapped
    Provider.sealed_api_key.write(provider, crypto.open_seal(wrapped, OWNER), api_key)
    # Four characters distinguish two keys; of a short key even they would reveal too much.
    provider.key_hint = f"…{api_key[-4:]}" if len(api_key) >= 16 else "…"


def read_key(provider: Provider) -> str:
    """Return the decrypted key, empty if there is none. Raises crypto.CryptoError."""
    if provider.wrapped_key is None:
        return ""
    return Provider.sealed_api_key.read(provider, crypto.open_seal(provider.wrapped_key, OWNER))
