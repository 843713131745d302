from __future__ import annotations

from typing import TYPE_CHECKING

from .enums import VersionStatus

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from apps.accounts.models import User


def can_manage_models(user: User | AnonymousUser) -> bool:
    """Whether `user` may see and change providers, models, versions and aliases."""
    return user.has_perm("gateway.manage_models")


def can_use_previews(user: User | AnonymousUser) -> bool:
    """Whether `user` may try versions that are not in service yet."""
    return user.has_perm("gateway.use_previews")


def usable_statuses(user: User | AnonymousUser) -> list[str]:
    """Return the statuses of versions that `user` may call."""
    open_to_all = [VersionStatus.ACTIVE.value, VersionStatus.DEPRECATED.value]
    return [*open_to_all, VersionStatus.PREVIEW.value] if can_use_previews(user) else open_to_all
