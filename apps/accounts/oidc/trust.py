"""What a signature is checked with."""

from __future__ import annotations

from typing import Any

import jwt
from allauth.socialaccount.providers.oauth2.client import OAuth2Error

# By the type of key that makes such a signature. Nothing symmetric, and nothing unsigned.
KEY_TYPES = {"RS": "RSA", "PS": "RSA", "ES": "EC", "Ed": "OKP"}
CURVES = {"ES256": "P-256", "ES384": "P-384", "ES512": "P-521"}
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512", "EdDSA"]


class NotTrusted(OAuth2Error):
    """What came back must not open anything; the message is a sentence for the log, without personal data."""


def signing_key(keys: Any, header: dict[str, Any]) -> jwt.PyJWK:
    """Return the one key of the set `keys` that a token with this `header` can be signed with.

    A token that names no key is accepted if there is only one that fits: guessing among several is not a check.
    Raises ValueError if there is none, or more than one.
    """
    algorithm, wanted = header.get("alg"), header.get("kid")
    if algorithm not in ALGORITHMS or not isinstance(keys, dict) or not isinstance(keys.get("keys"), list):
        raise ValueError("There is no such key.")
    usable = [
        key
        for key in keys["keys"]
        if isinstance(key, dict)
        and key.get("kty") == KEY_TYPES[algorithm[:2]]
        and key.get("use") in (None, "sig")
        and "verify" in (key.get("key_ops") or ["verify"])
        and CURVES.get(algorithm) in (None, key.get("crv"))
        and key.get("alg") in (None, algorithm)
        and (not wanted or key.get("kid") == wanted)
    ]
    if len(usable) != 1:
        raise ValueError(f"{len(usable)} keys fit.")
    return jwt.PyJWK(usable[0], algorithm)
