from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.auth import update_session_auth_hash
from django.db import transaction
from django.db.models import F
from django.http import HttpRequest

from apps.accounts.models import User
from apps.core import audit, live
from apps.core.live.session import session_group

from .tokens import revoke_tokens

if TYPE_CHECKING:
    from collections.abc import Iterable

FRAME = {"type": "session.ended"}


def announce_session_end(session_keys: Iterable[str]) -> None:
    """After commit, tell the tabs of these sessions to check again: their sockets then close."""
    for key in session_keys:
        group = session_group(key)
        transaction.on_commit(lambda group=group: live.push(group, FRAME))  # type: ignore[misc]


def _forget_sessions(user: User, *, but: str | None) -> None:
    store = import_module(settings.SESSION_ENGINE).SessionStore()
    for record in UserSession.objects.filter(user=user.pk).exclude(session_key=but):
        store.delete(record.session_key)
        record.delete()


@transaction.atomic
def end_sessions(*, user: User) -> None:
    """Sign `user` out everywhere. After commit their open tabs are told, and their sockets close.

    No session survives, known or not: the epoch is part of what each session is bound to.
    """
    User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
    user.refresh_from_db(fields=["session_epoch"])
    _forget_sessions(user, but=None)
    transaction.on_commit(lambda: live.push(live.user_group(user.pk), FRAME))


@transaction.atomic
def end_other_sessions(*, request: HttpRequest, user: User) -> None:
    """Sign `user` out everywhere but here. After commit the other tabs are told, and their sockets close."""
    end_sessions(user=user)
    update_session_auth_hash(request, user)
    UserSession.objects.create_from_request(request)


@transaction.atomic
def sign_out_elsewhere(*, request: HttpRequest, user: User, tokens: bool) -> int:
    """Sign `user` out everywhere but here, at their request, and revoke their tokens if `tokens`; return how many were revoked.

    Writes audit entries. After commit the other tabs are told, and their sockets close.
    """
    end_other_sessions(request=request, user=user)
    audit.record(actor=user, action="accounts.sign_out_elsewhere", target=user, subject=user)
    return revoke_tokens(user=user, actor=user) if tokens else 0


@transaction.atomic
def recover_account(*, user: User) -> None:
    """Put out anybody else who got into the account of `user`, who has chosen a new password through a link sent to them: every
    session ends and every token is revoked. Writes audit entries; after commit open tabs are told."""
    end_sessions(user=user)
    revoke_tokens(user=user, actor=user)
    audit.record(actor=user, action="accounts.reset_password", target=user, subject=user)
