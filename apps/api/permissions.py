"""What a caller must have: a scope when it is a token, a capability when the product asks for one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import PermissionDenied
from rest_framework.permissions import SAFE_METHODS, BasePermission
from rest_framework.request import Request

from apps.access.queries import Explanation, explain, has_capability

if TYPE_CHECKING:
    from .views.base import ApiView

READ, WRITE, CHAT = "read", "write", "chat"


class MissingScope(PermissionDenied):
    """The token may not do this."""

    def __init__(self, missing: set[str]) -> None:
        super().__init__(_("This token lacks: %(scopes)s.") % {"scopes": ", ".join(sorted(missing))}, code="missing_scope")
        self.missing = missing


class Locked(PermissionDenied):
    """The person lacks a capability; says what is missing."""

    def __init__(self, explanation: Explanation) -> None:
        super().__init__(explanation.sentence, code="locked")
        self.explanation = explanation


class HasScopes(BasePermission):
    """A token needs every scope of the view's; a session stands for the whole person."""

    def has_permission(self, request: Request, view: ApiView) -> bool:  # type: ignore[override]
        token: Any = request.auth
        if token is None:
            return True
        needed = set(view.scopes)
        if request.method not in SAFE_METHODS:
            needed.add(WRITE)
        missing = needed - set(token.scopes)
        if missing:
            raise MissingScope(missing)
        return True


class HasCapability(BasePermission):
    """The person needs the view's capability at this moment."""

    def has_permission(self, request: Request, view: ApiView) -> bool:  # type: ignore[override]
        user: Any = request.user
        if view.capability is None or has_capability(user, view.capability):
            return True
        raise Locked(explain(user, view.capability))
