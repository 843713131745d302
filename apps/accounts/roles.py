"""Which rights each role carries. A role is a Django group of the same name; `sync_roles` makes the groups hold exactly these."""

from __future__ import annotations

from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Q

from .enums import Role

# By name, from every app: rights may belong to apps above this one.
_rights: dict[Role, set[str]] = {role: set() for role in Role}


def grant(role: Role, *permissions: str) -> None:
    """Let `role` carry further permissions (`app.codename`). For `AppConfig.ready()` of the app that defines them."""
    _rights[role].update(permissions)


def rights_of(role: Role) -> frozenset[str]:
    return frozenset(_rights[role])


@transaction.atomic
def sync_roles() -> None:
    """Give every role's group its permissions, and no others. A permission that does not exist (yet) is left out."""
    groups = {role: Group.objects.get_or_create(name=role.value)[0] for role in Role}
    wanted = Q()
    for right in set().union(*_rights.values()):
        app, codename = right.split(".")
        wanted |= Q(content_type__app_label=app, codename=codename)
    found = {
        f"{p.content_type.app_label}.{p.codename}": p for p in Permission.objects.filter(wanted).select_related("content_type")
    }
    for role, group in groups.items():
        group.permissions.set([found[right] for right in _rights[role] if right in found])
