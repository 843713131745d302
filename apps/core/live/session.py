"""Who is behind a session, as the socket checks at every command."""

from __future__ import annotations

import hashlib
from types import SimpleNamespace
from typing import Any, cast

from django.conf import settings
from django.contrib.auth import get_user
from django.contrib.sessions.backends import db
from django.http import HttpRequest
from django.utils import timezone, translation

from apps.core import sql
from apps.core.person import Person


class SessionStore(db.SessionStore):
    """A session, read with a statement that is built once, since every command asks. The class name is part of its signature."""

    def load(self) -> dict[str, Any]:
        statement = "SELECT session_data FROM django_session WHERE session_key = %(key)s AND expire_date > %(now)s"
        rows = sql.fetch(statement, key=self.session_key, now=timezone.now())
        return self.decode(rows[0][0]) if rows else {}


def person_behind(session_key: str | None) -> Person | None:
    """Return the active person signed in with `session_key`, or None. Two queries; a session that was ended, a session from
    before a password change and a deactivated account all give None."""
    if not session_key:
        return None
    request = cast("HttpRequest", SimpleNamespace(session=SessionStore(session_key)))
    user = get_user(request)
    return cast("Person", user) if user.is_authenticated and user.is_active else None


def session_group(session_key: str) -> str:
    """Return the group of the tabs of one session (a digest: the key itself opens the account)."""
    return f"session.{hashlib.sha256(session_key.encode()).hexdigest()[:32]}"


def language_of(user: Person, accepted: str) -> str:
    """Return the language to speak to `user`: their choice, else what their browser asked for."""
    if user.language:
        return user.language
    for part in accepted.split(","):
        code = part.split(";")[0].strip().lower().split("-")[0]
        if translation.check_for_language(code) and code in dict(settings.LANGUAGES):
            return code
    return settings.LANGUAGE_CODE
