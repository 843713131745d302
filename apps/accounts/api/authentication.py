"""Who calls: a personal token, or the session of the browser. One of the two, never a mixture."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.authentication import SessionAuthentication as BaseSessionAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from apps.accounts.queries import user_for_token
from apps.accounts.services import note_token_use

if TYPE_CHECKING:
    from apps.accounts.models import PersonalToken, User


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer almia_…`, and no other place for a token.

    A request with this header is never authenticated otherwise: a bad token fails and does not fall back to the session,
    so that the scopes of a token always hold.
    """

    def authenticate(self, request: Request) -> tuple[User, PersonalToken] | None:
        header = request.headers.get("Authorization")
        if header is None:
            return None
        scheme, _space, raw = header.partition(" ")
        if scheme.lower() != "bearer":
            raise AuthenticationFailed(_("Only “Bearer” with a personal token is understood."))
        found = user_for_token(raw.strip())
        if found is None:
            raise AuthenticationFailed(_("This token is not valid: it may have expired or been revoked."))
        note_token_use(token=found[1])
        return found

    def authenticate_header(self, request: Request) -> str:
        return 'Bearer realm="almia"'


class SessionAuthentication(BaseSessionAuthentication):
    """The browser's session; whatever writes needs the CSRF token."""


def caller_of(request: Request) -> User:
    """Return the person behind a request that was let in."""
    return cast("User", request.user)
