from __future__ import annotations

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.access import capabilities
from apps.access.enums import ProofState
from apps.access.queries import Explanation, Item, explain, explain_all, get_capability
from apps.accounts.api.authentication import caller_of
from apps.accounts.api.views import YOU
from apps.core.api.fields import AbsoluteUrlField
from apps.core.api.views import ApiView


class RequirementSerializer(serializers.Serializer[Item]):
    """One thing a capability asks for, and its current state."""

    label = serializers.CharField()  # type: ignore[assignment]  # a field of that name, not the label of this one
    state = serializers.ChoiceField(choices=ProofState.choices)
    training = serializers.CharField(source="training.code", default=None, allow_null=True, help_text=_("Null for the charter."))
    charter_version = serializers.IntegerField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)
    until = serializers.DateTimeField(allow_null=True, help_text=_("When this changes by itself."))
    url = AbsoluteUrlField(help_text=_("Where to settle it."))


class CapabilitySerializer(serializers.Serializer[Explanation]):
    """What the person may do, or why not."""

    code = serializers.CharField(source="capability.code")
    label = serializers.CharField(source="capability.label")  # type: ignore[assignment]  # as above
    granted = serializers.BooleanField()
    reason = serializers.CharField(source="sentence", help_text=_("Why it is closed, in one sentence; empty when it is open."))
    requirements = RequirementSerializer(source="items", many=True)


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
        codes = [capability.code for capability in capabilities.all_capabilities()]
        return self.pages_of(list(explain_all(caller_of(request), codes).values()))


class CapabilityDetail(ApiView):
    serializer_class = CapabilitySerializer

    @extend_schema(
        operation_id="capability",
        summary=_("One thing you may do, or why not"),
        description=_("For example chat.use."),
        tags=[YOU],
    )
    def get(self, request: Request, code: str) -> Response:
        explanation = explain(caller_of(request), get_capability(code).code)
        return Response(self.get_serializer(explanation).data)


urlpatterns = [
    path("capabilities/", Capabilities.as_view(), name="capabilities"),
    path("capabilities/<str:code>/", CapabilityDetail.as_view(), name="capability"),
]
