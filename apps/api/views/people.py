from __future__ import annotations

from typing import Any

from django.http import Http404
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access import capabilities
from apps.access.queries import explain, explain_all
from apps.accounts.queries import get_person
from apps.api.serializers.people import CapabilitySerializer, MeSerializer

from .base import ApiView

YOU: Any = _("You")


class Me(ApiView):
    serializer_class = MeSerializer

    @extend_schema(
        operation_id="me", summary=_("Who you are"), description=_("Your profile, as the portal knows it."), tags=[YOU]
    )
    def get(self, request: Request) -> Response:
        user: Any = request.user
        return Response(self.get_serializer(get_person(user.pk)).data)


class Capabilities(ApiView):
    serializer_class = CapabilitySerializer

    @extend_schema(
        operation_id="capabilities",
        summary=_("What you may do, and why not"),
        description=_("Every right there is, whether you have it, and how each of its requirements stands."),
        responses=CapabilitySerializer(many=True),
        tags=[YOU],
    )
    def get(self, request: Request) -> Response:
        user: Any = request.user
        codes = [capability.code for capability in capabilities.all_capabilities()]
        return self.pages_of(list(explain_all(user, codes).values()))


class CapabilityDetail(ApiView):
    serializer_class = CapabilitySerializer

    @extend_schema(
        operation_id="capability",
        summary=_("One thing you may do, or why not"),
        description=_("For example chat.use."),
        tags=[YOU],
    )
    def get(self, request: Request, code: str) -> Response:
        user: Any = request.user
        try:
            explanation = explain(user, code)
        except LookupError:
            raise Http404 from None
        return Response(self.get_serializer(explanation).data)
