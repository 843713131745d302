"""The try-out: one process on one machine, SQLite, no Redis. Secrets are drawn at first start and kept in ALMIA_HOME."""

from __future__ import annotations

import os
import secrets

from .base import *  # noqa: F403
from .base import HOME, env

TRYOUT = True


def _kept_secret(name: str) -> str:
    path = HOME / "keys" / name
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_urlsafe(48))
    return path.read_text().strip()


SECRET_KEY = _kept_secret("secret_key")
PORT = env.integer("PORT", 8000)
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ORIGINS = [f"http://localhost:{PORT}", f"http://127.0.0.1:{PORT}"]
BASE_URL = ORIGINS[0]
KEY_FILE_MAY_BE_CREATED = True
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = HOME / "mail"
DEFAULT_FROM_EMAIL = "Almia <almia@alcyon.example>"
# Passkeys need a secure context; browsers grant it to http://localhost.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
