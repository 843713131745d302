from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _
from rest_framework.exceptions import ValidationError
from rest_framework.pagination import PageNumberPagination
from rest_framework.request import Request

MAX_DIGITS = 1000  # Python parses no number of more than 4,300


class Pages(PageNumberPagination):
    """`?page=2&page_size=50`; at most 100 at once. Anything that is not such a number is refused, never guessed."""

    page_size_query_param = "page_size"
    max_page_size = 100

    def get_page_size(self, request: Request) -> int:
        return min(self._number(request, "page_size") or int(self.page_size or 0), self.max_page_size)

    def get_page_number(self, request: Request, paginator: Any) -> int:
        return self._number(request, "page") or 1

    def get_schema_operation_parameters(self, view: Any) -> list[dict[str, Any]]:
        described = {"page": _("Which page, from 1 on."), "page_size": _("How many at once: 100 at most, whatever is asked for.")}
        schema = {"type": "integer", "minimum": 1}
        return [
            {"name": name, "in": "query", "required": False, "description": words, "schema": schema}
            for name, words in described.items()
        ]

    def _number(self, request: Request, name: str) -> int | None:
        given = request.query_params.getlist(name)
        if not given:
            return None
        digits = given[0] if len(given) == 1 and given[0].isascii() and given[0].isdecimal() else ""
        if not digits.strip("0") or len(digits) > MAX_DIGITS:
            raise ValidationError({name: [_("Give one whole number, from 1 on.")]}, code="invalid")
        return int(digits)
