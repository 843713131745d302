from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from apps.access.enums import ProofState
from apps.access.queries import Explanation, Item
from apps.accounts.models import User


@extend_schema_field({"type": "string", "format": "uri", "nullable": True})
class AbsoluteUrlField(serializers.Field[str, Any, str | None, str | None]):
    """A path of the portal as a whole address."""

    def to_representation(self, value: str | None) -> str | None:
        request = self.context.get("request")
        return request.build_absolute_uri(value) if request and value else value


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


class RequirementSerializer(serializers.Serializer[Item]):
    """One thing a capability asks for, and how it stands."""

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
