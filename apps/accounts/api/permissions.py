from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.core.api.errors import Refused

if TYPE_CHECKING:
    from apps.core.api.views import ApiView


class MissingScope(Refused):
    """The token may not do this."""

    kind = "missing_scope"
    title = gettext_lazy("This token may not do this")

    def __init__(self, missing: set[str]) -> None:
        scopes = sorted(missing)
        super().__init__(_("This token lacks: %(scopes)s.") % {"scopes": ", ".join(scopes)}, scopes=scopes)


class HasScopes(BasePermission):
    """A token needs every scope of the view; a session may do all that the person may."""

    def has_permission(self, request: Request, view: ApiView) -> bool:  # type: ignore[override]
        token: Any = request.auth
        if token is None:
            return True
        missing = view.scopes_for(request.method) - set(token.scopes)
        if missing:
            raise MissingScope(missing)
        return True
