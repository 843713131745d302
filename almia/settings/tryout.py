"""The try-out: one process on one machine, SQLite, no Redis. Secrets are generated at first start and kept in ALMIA_HOME."""

from __future__ import annotations

import contextlib
import os
import secrets

from django.core.exceptions import ImproperlyConfigured

from almia import env

from .base import *  # noqa: F403
from .base import HOME

TRYOUT = True


def _kept_secret(name: str) -> str:
    path = HOME / "keys" / name
    try:
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = path.with_name(f".{name}.{os.getpid()}")
            draft.touch(mode=0o600)
            draft.write_text(secrets.token_urlsafe(48))
            # A link appears whole or not at all: of two first starts at once, both read the same secret.
            with contextlib.suppress(FileExistsError):
                os.link(draft, path)
            draft.unlink()
        return path.read_text().strip()
    except OSError as error:
        if env.terminal_language() == "fr":
            sentence = f"Almia ne peut pas utiliser son dossier de données {HOME} : {error.strerror}."
        else:
            sentence = f"Almia cannot use its data folder {HOME}: {error.strerror}."
        raise ImproperlyConfigured(sentence) from error


SECRET_KEY = _kept_secret("secret_key")
AUDIT_KEY = _kept_secret("audit_key")
PORT = env.integer("PORT", 8000)
ALLOWED_HOSTS = ["localhost", "127.0.0.1"]
ORIGINS = [f"http://localhost:{PORT}", f"http://127.0.0.1:{PORT}"]
BASE_URL = ORIGINS[0]
KEY_FILE_MAY_BE_CREATED = True
EMAIL_BACKEND = "django.core.mail.backends.filebased.EmailBackend"
EMAIL_FILE_PATH = HOME / "mail"
DEFAULT_FROM_EMAIL = "Almia <almia@alcyon.example>"
# Passkeys need a secure context; browsers treat http://localhost as one.
MFA_WEBAUTHN_ALLOW_INSECURE_ORIGIN = True
