"""The description of the API: for programs (OpenAPI), and for people, rendered by ourselves under our content policy."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import get_language
from django.views.decorators.http import require_safe
from drf_spectacular.views import SpectacularAPIView
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.scopes import all_scopes
from apps.api.reference import reference


class SchemaView(SpectacularAPIView):
    """The OpenAPI description, in the caller's language; `?format=json` or YAML. It reads nothing else from its address."""

    schema = None  # it does not describe itself
    content_negotiation_class = DefaultContentNegotiation
    permission_classes = (IsAuthenticated,)

    def get(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        response: Response = self._get_schema_response(request)  # type: ignore[no-untyped-call]
        return response

    def _get_version_parameter(self, request: Request) -> None:
        return None  # it would go into a header as it comes


@require_safe
def docs(request: HttpRequest) -> HttpResponse:
    """The same for people."""
    return render(request, "api/docs.html", {"reference": reference(get_language() or "fr"), "scopes": all_scopes()})
