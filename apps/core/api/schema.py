"""What drf-spectacular cannot guess: what an operation requires, and that every error is a problem."""

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
        "code": {"type": "string", "description": "Why it cannot be done as things stand, for programs (409)."},
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
    "409": "It cannot be done as things stand: `code` says why.",
    "413": "Too much was sent at once.",
    "415": "Only JSON is understood.",
    "429": "Too many requests: wait for as long as `Retry-After` says.",
    "503": "A part of the portal does not work at the moment. Nothing was lost.",
}
NEEDS_BODY = {"413", "415"}
NEEDS_WRITING = {"409"}


class Schema(AutoSchema):
    """Adds the scopes that an operation needs, and takes its description from the view."""

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
        for method, operation in operations.items():
            for code in possible_problems(method, has_body="requestBody" in operation):
                operation["responses"].setdefault(code, {"description": PROBLEM_CODES[code], "content": content})
    return result


def possible_problems(method: str, *, has_body: bool) -> list[str]:
    """Return the statuses of the problems that an operation may answer with."""
    impossible = (set() if has_body else NEEDS_BODY) | (NEEDS_WRITING if method == "get" else set())
    return [code for code in PROBLEM_CODES if code not in impossible]
