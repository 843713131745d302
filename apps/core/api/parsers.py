from __future__ import annotations

from collections.abc import Mapping
from typing import IO, Any

from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from apps.core.text import well_formed_json


class JsonParser(JSONParser):
    """JSON, its text well-formed (`core.text`). JSON nested too deep to be read is the caller's mistake, not ours."""

    def parse(self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None) -> Any:
        try:
            return well_formed_json(super().parse(stream, media_type, parser_context))
        except RecursionError:
            raise ParseError from None
