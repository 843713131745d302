from __future__ import annotations

from typing import Any

from django.urls import path
from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from apps.accounts.models import User
from apps.accounts.queries import get_person
from apps.core.api.views import ApiView

from . import schema  # noqa: F401  registers how authentication is described
from .authentication import caller_of

YOU: Any = _("You")


class MeSerializer(serializers.ModelSerializer[User]):
    """The person who calls."""

    entity = serializers.CharField(source="entity.name", default=None, allow_null=True, help_text=_("The company of the group."))
    department = serializers.SerializerMethodField()
    site = serializers.CharField(source="site.name", default=None, allow_null=True)
    job_role = serializers.SerializerMethodField()

    class Meta:
        model = User
        fields = ["id", "email", "first_name", "last_name", "language", "entity", "department", "site", "job_role", "joined_at"]
        read_only_fields = fields

    def get_department(self, user: User) -> str | None:
        return str(user.department) if user.department else None

    def get_job_role(self, user: User) -> str | None:
        return str(user.job_role) if user.job_role else None


class Me(ApiView):
    serializer_class = MeSerializer

    @extend_schema(
        operation_id="me", summary=_("Who you are"), description=_("Your profile, as the portal knows it."), tags=[YOU]
    )
    def get(self, request: Request) -> Response:
        return Response(self.get_serializer(get_person(caller_of(request).pk)).data)


urlpatterns = [path("me/", Me.as_view(), name="me")]
