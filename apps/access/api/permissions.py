from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from apps.access.queries import Explanation, explain, has_capability
from apps.accounts.api.authentication import caller_of
from apps.core.api.errors import Refused

if TYPE_CHECKING:
    from apps.core.api.views import ApiView


class Locked(Refused):
    """The person lacks a capability; says what is missing."""

    kind = "locked"
    title = gettext_lazy("This is not open to you yet")

    def __init__(self, explanation: Explanation) -> None:
        super().__init__(explanation.sentence, capability=explanation.capability.code, missing=explanation.missing_told)


class HasCapability(BasePermission):
    """The person needs the view's capability at this moment."""

    def has_permission(self, request: Request, view: ApiView) -> bool:  # type: ignore[override]
        if view.capability is None or has_capability(caller_of(request), view.capability):
            return True
        raise Locked(explain(caller_of(request), view.capability))
