"""What drf-spectacular cannot guess: what an operation asks for, and that every error is a problem."""

from __future__ import annotations

from typing import Any

from drf_spectacular.openapi import AutoSchema

from .views import ApiView

PROBLEM = {
    "type": "object",
    "description": "What went wrong (RFC 9457).",
    "required": ["type", "title", "status", "instance"],
    "properties": {
        "type": {"type": "string", "format": "uri-reference"},
        "title": {"type": "string", "description": "In the language of the caller."},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "instance": {"type": "string", "description": "Quote it when you ask for help."},
        "errors": {
            "type": "array",
            "description": "Which fields are not right.",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into what was sent."},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
        "capability": {"type": "string", "description": "What is not open to you yet."},
        "missing": {
            "type": "array",
            "description": "What opens it.",
            "items": {
                "type": "object",
                "required": ["label", "state", "url"],
                "properties": {
                    "label": {"type": "string"},
                    "state": {"type": "string"},
                    "url": {"type": "string", "nullable": True},
                },
            },
        },
        "scopes": {"type": "array", "description": "What the token lacks.", "items": {"type": "string"}},
    },
}
PROBLEM_CODES = {
    "400": "The request is not right.",
    "401": "Nobody is signed in, or the token is not valid.",
    "403": "Not allowed: a scope or a right is missing.",
    "404": "It does not exist, or it belongs to somebody else.",
    "413": "Too much was sent at once.",
    "415": "Only JSON is understood.",
    "429": "Too many requests: wait for as long as `Retry-After` says.",
}
NEEDS_BODY = {"413", "415"}


class Schema(AutoSchema):
    """Adds the scopes an operation needs, and takes its description from the view."""

    def get_extensions(self) -> dict[str, Any]:
        view = self.view
        if not isinstance(view, ApiView):
            return {}
        extensions: dict[str, Any] = {"x-scopes": sorted(view.scopes_for(self.method))}
        if view.capability:
            extensions["x-capability"] = view.capability
        return extensions


def add_problems(result: dict[str, Any], **_kwargs: Any) -> dict[str, Any]:
    """A postprocessing hook: every operation may answer with a problem."""
    result.setdefault("components", {}).setdefault("schemas", {})["Problem"] = PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in result["paths"].values():
        for operation in operations.values():
            for code, description in PROBLEM_CODES.items():
                if code in NEEDS_BODY and "requestBody" not in operation:
                    continue
                operation["responses"].setdefault(code, {"description": description, "content": content})
    return result
