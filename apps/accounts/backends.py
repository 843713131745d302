from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.auth_backends import AuthenticationBackend

from apps.core import sql

from .models import User

if TYPE_CHECKING:
    import uuid


class Backend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's, with a lighter way to find the person behind a session: every page and socket command asks."""

    def get_user(self, user_id: uuid.UUID) -> User | None:
        try:
            user = sql.get(User, id=user_id)
        except User.DoesNotExist:
            return None
        return user if self.user_can_authenticate(user) else None
