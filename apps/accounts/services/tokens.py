from __future__ import annotations

import secrets
import uuid
from collections.abc import Sequence
from datetime import datetime, timedelta

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from apps.accounts import scopes as registry
from apps.accounts.errors import AccountError
from apps.accounts.models import PersonalToken, User
from apps.accounts.queries.tokens import TOKEN_MARK, token_digest
from apps.core import audit
from apps.core.missing import get_or_not_there

MAX_TOKENS = 20
LONGEST = timedelta(days=366)
USE_NOTED_EVERY = timedelta(minutes=1)


@transaction.atomic
def create_token(*, user: User, name: str, scopes: Sequence[str], expires_at: datetime) -> tuple[PersonalToken, str]:
    """Create a personal token for `user`; return it with its secret, which is never shown again or stored.

    Writes an audit entry. Raises AccountError without a name or scope, for an unknown scope, for a date that is past or more
    than a year away, and when the person already has `MAX_TOKENS` that work.
    """
    now = timezone.now()
    name = name.strip()
    if not name:
        raise AccountError(_("Give this token a name, so that you recognise it later."))
    if not scopes:
        raise AccountError(_("Choose what this token may do."))
    if registry.unknown(list(scopes)):
        raise AccountError(_("One of these rights does not exist."))
    if not now < expires_at <= now + LONGEST:
        raise AccountError(_("Choose a date within a year from today."))
    User.objects.select_for_update().get(pk=user.pk)
    if PersonalToken.objects.filter(user=user, revoked_at__isnull=True, expires_at__gt=now).count() >= MAX_TOKENS:
        raise AccountError(_("You have %(count)s tokens already. Revoke one that you no longer use.") % {"count": MAX_TOKENS})
    raw = TOKEN_MARK + secrets.token_urlsafe(32)
    token = PersonalToken.objects.create(
        user=user,
        name=name,
        prefix=raw[: len(TOKEN_MARK) + 6],
        digest=token_digest(raw),
        scopes=sorted(set(scopes)),
        expires_at=expires_at,
    )
    audit.record(
        actor=user,
        action="accounts.create_token",
        target=token,
        subject=user,
        details={"scopes": token.scopes, "until": expires_at.isoformat()},
    )
    return token, raw


@transaction.atomic
def revoke_token(*, user: User, token_id: uuid.UUID) -> PersonalToken:
    """Revoke a token of `user` at once. Writes an audit entry; revoking twice changes nothing.

    Finds the token itself, among those of `user`. Raises NotThere.
    """
    token = get_or_not_there(PersonalToken.objects.select_for_update(), pk=token_id, user=user)
    if token.revoked_at is None:
        token.revoked_at = timezone.now()
        token.save(update_fields=["revoked_at"])
        audit.record(actor=user, action="accounts.revoke_token", target=token, subject=user)
    return token


@transaction.atomic
def revoke_tokens(*, user: User, actor: User | None) -> int:
    """Revoke every token of `user` at once; return how many worked until now. Writes an audit entry if any did."""
    now = timezone.now()
    count = PersonalToken.objects.filter(user=user, revoked_at__isnull=True, expires_at__gt=now).update(revoked_at=now)
    if count:
        audit.record(actor=actor, action="accounts.revoke_tokens", target=user, subject=user, details={"tokens": count})
    return count


def note_token_use(*, token: PersonalToken) -> None:
    """Note that `token` was used; written at most once a minute, so that a busy program does not write at each call."""
    now = timezone.now()
    if token.last_used_at is None or token.last_used_at < now - USE_NOTED_EVERY:
        PersonalToken.objects.filter(pk=token.pk).update(last_used_at=now)
        token.last_used_at = now
