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


_RIGHTS = """
    SELECT t.app_label, p.codename FROM auth_permission p JOIN django_content_type t ON t.id = p.content_type_id
    WHERE p.id IN (
        SELECT u.permission_id FROM accounts_user_user_permissions u WHERE u.user_id = %(user)s
        UNION SELECT g.permission_id FROM auth_group_permissions g
        JOIN accounts_user_groups m ON m.group_id = g.group_id WHERE m.user_id = %(user)s)
"""


class Backend(AuthenticationBackend):  # type: ignore[misc]
    """allauth's, with cheaper ways to find the person behind a session and their rights: every page asks."""

    def get_user(self, user_id: uuid.UUID) -> User | None:
        try:
            user = sql.get(User, id=user_id)
        except NotThere:
            return None
        return user if self.user_can_authenticate(user) else None

    def get_all_permissions(self, user_obj: User, obj: object = None) -> set[str]:
        """Like Django's, with one query instead of two; stored on the person, as there."""
        if not user_obj.is_active or user_obj.is_superuser or obj is not None:
            found: set[str] = super().get_all_permissions(user_obj, obj)
            return found
        kept: dict[str, set[str]] = vars(user_obj)
        if "_perm_cache" not in kept:
            kept["_perm_cache"] = {f"{app}.{codename}" for app, codename in sql.fetch(_RIGHTS, user=user_obj.pk)}
        return kept["_perm_cache"]

    def _check_password(self, user: User | None, password: str) -> User | None:
        found: User | None = super()._check_password(user, password)
        normal = normal_password(password)
        if found is not None and normal != password and not check_password(normal, found.password):
            found.set_password(password)  # it was hashed as it was typed, before there was one spelling
            found.save(update_fields=["password"])
        return found

    def _mitigate_timing_attack(self, password: str) -> None:
        super()._mitigate_timing_attack(password)
        if normal_password(password) != password:  # as `User.check_password` does for a person who exists
            super()._mitigate_timing_attack(password)
