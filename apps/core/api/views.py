"""What all API views share. They parse, make one query or service call, and serialise."""

from __future__ import annotations

from typing import Any, ClassVar

from django.utils import translation
from rest_framework.exceptions import NotFound
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response

from apps.core.api import READ, WRITE


class ApiView(GenericAPIView[Any]):
    """`scopes`: what a token needs (for changes, `write` as well). `capability`: what the person needs."""

    scopes: ClassVar[frozenset[str]] = frozenset({READ})
    capability: ClassVar[str | None] = None

    @classmethod
    def scopes_for(cls, method: str | None) -> set[str]:
        """Return the scopes a token needs to call this with `method`."""
        return set(cls.scopes) | (set() if method in SAFE_METHODS else {WRITE})

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Like DRF's, but refusals count towards the throttle too, and the caller's language is set before anything is
        answered."""
        self.format_kwarg = None
        request.accepted_renderer, request.accepted_media_type = self.perform_content_negotiation(request)
        self.perform_authentication(request)
        user: Any = request.user
        if request.auth is not None and user.language and "Accept-Language" not in request.headers:
            translation.activate(user.language)
        self.check_throttles(request)
        self.check_permissions(request)

    def pages_of(self, found: Any) -> Response:
        """Return one page of `found`, serialised."""
        page = self.paginate_queryset(found)
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class NothingHere(ApiView):
    """Every other address below `/api/v1/`."""

    schema = None
    serializer_class = None
    permission_classes = ()

    @property
    def default_response_headers(self) -> dict[str, str]:
        return {}  # otherwise DRF would list methods that are not implemented

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound
