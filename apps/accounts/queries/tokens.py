from __future__ import annotations

import hashlib

from django.db.models import QuerySet
from django.utils import timezone

from apps.accounts.models import PersonalToken, User

TOKEN_MARK = "almia_"  # noqa: S105  makes a leaked token recognisable to scanners
MAX_LENGTH = 200


def token_digest(raw: str) -> str:
    """Return what is stored of a token. The secret has 256 random bits, so a plain digest is enough."""
    return hashlib.sha256(raw.encode()).hexdigest()


def user_for_token(raw: str) -> tuple[User, PersonalToken] | None:
    """Return the active person and the token whose secret is `raw`, or None. One query.

    Unknown, expired and revoked tokens and those of deactivated people are all None. The caller enforces `token.scopes` and calls
    `services.note_token_use`.
    """
    if not raw.startswith(TOKEN_MARK) or len(raw) > MAX_LENGTH:
        return None
    token = (
        PersonalToken.objects.select_related("user")
        .filter(digest=token_digest(raw), revoked_at__isnull=True, expires_at__gt=timezone.now(), user__is_active=True)
        .first()
    )
    return (token.user, token) if token else None


def tokens_of(user: User) -> list[PersonalToken]:
    """Return the tokens of `user` that still open something, newest first."""
    return list(_working(user))


def count_tokens(user: User) -> int:
    """Return how many tokens of `user` still open something."""
    return _working(user).count()


def _working(user: User) -> QuerySet[PersonalToken]:
    return PersonalToken.objects.filter(user=user, revoked_at__isnull=True, expires_at__gt=timezone.now())
