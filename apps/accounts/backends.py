from __future__ import annotations

from typing import TYPE_CHECKING

from allauth.account.auth_backends import AuthenticationBackend
from django.contrib.auth.hashers import check_password

from apps.core import sql
from apps.core.missing import NotThere

from .addresses import normal_password
from .models import User

if TYPE_CHECKING:
    import uuid


class Backend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's, with a lighter way to find the person behind a session: every page and socket command asks."""

    def get_user(self, user_id: uuid.UUID) -> User | None:
        try:
            user = sql.get(User, id=user_id)
        except NotThere:
            return None
        return user if self.user_can_authenticate(user) else None

    def _check_password(self, user: User | None, password: str) -> User | None:
        found: User | None = super()._check_password(user, password)
        normal = normal_password(password)
        if found is not None and normal != password and not check_password(normal, found.password):
            found.set_password(password)  # it was hashed as it was typed, before there was one spelling
            found.save(update_fields=["password"])
        return found

    def _mitigate_timing_attack(self, password: str) -> None:
        super()._mitigate_timing_attack(password)
        if normal_password(password) != password:  # as `User.check_password` does for who there is
            super()._mitigate_timing_attack(password)
