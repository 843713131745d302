from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers


@extend_schema_field({"type": "string", "format": "uri", "nullable": True})
class AbsoluteUrlField(serializers.Field[str, Any, str | None, str | None]):
    """A path of the portal as an absolute address."""

    def to_representation(self, value: str | None) -> str | None:
        request = self.context.get("request")
        return request.build_absolute_uri(value) if request and value else value
