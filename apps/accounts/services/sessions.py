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
from apps.core import live
from apps.core.live.session import session_group

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

    No session survives, known or not: the epoch is part of what each session must prove.
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
