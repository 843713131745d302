"""The OpenAPI description, turned into what the documentation page shows."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import Any

from django.utils import translation
from drf_spectacular.generators import SchemaGenerator


@dataclass(frozen=True, slots=True)
class Field:
    """A parameter, or a field of a request or response. `depth`: how deep it is nested in the response."""

    name: str
    kind: str
    required: bool
    description: str
    depth: int = 0


@dataclass(frozen=True, slots=True)
class Operation:
    id: str
    method: str
    path: str
    summary: str
    description: str
    scopes: list[str]
    capability: str
    parameters: list[Field]
    body: list[Field]
    answer_code: str
    answer: list[Field]


@dataclass(frozen=True, slots=True)
class Chapter:
    """The operations on one kind of object."""

    title: str
    operations: list[Operation] = field(default_factory=list)


@cache
def reference(language: str) -> list[Chapter]:
    """Return the chapters of the documentation. The API does not change while the process runs."""
    with translation.override(language):
        schema = openapi()
    chapters: dict[str, Chapter] = {}
    for path, operations in schema["paths"].items():
        for method, found in operations.items():
            tag = str((found.get("tags") or [""])[0])
            chapters.setdefault(tag, Chapter(tag)).operations.append(_operation(schema, path, method, found))
    return list(chapters.values())


def openapi() -> dict[str, Any]:
    """Return the OpenAPI document, in the active language."""
    generator: Any = SchemaGenerator
    document: dict[str, Any] = generator().get_schema(request=None, public=True)
    return document


def _operation(schema: dict[str, Any], path: str, method: str, found: dict[str, Any]) -> Operation:
    body = found.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
    code = next((code for code in found["responses"] if code.startswith("2")), "")
    answer = found["responses"].get(code, {}).get("content", {}).get("application/json", {}).get("schema", {})
    return Operation(
        id=found["operationId"],
        method=method.upper(),
        path=path,
        summary=found.get("summary", ""),
        description=found.get("description", ""),
        scopes=found.get("x-scopes", []),
        capability=found.get("x-capability", ""),
        parameters=[
            Field(
                parameter["name"],
                _kind(parameter.get("schema", {})),
                parameter.get("required", False),
                parameter.get("description", ""),
            )
            for parameter in found.get("parameters", [])
        ],
        body=_fields(schema, body),
        answer_code=code,
        answer=_fields(schema, answer),
    )


def _fields(schema: dict[str, Any], shape: dict[str, Any], depth: int = 0) -> list[Field]:
    shape = _resolved(schema, shape)
    if shape.get("type") == "array":
        return _fields(schema, shape["items"], depth)
    required = set(shape.get("required", []))
    found: list[Field] = []
    for name, inner in shape.get("properties", {}).items():
        resolved = _resolved(schema, inner)
        description = inner.get("description") or ("" if "properties" in resolved else resolved.get("description", ""))
        found.append(Field(name, _kind(resolved), name in required, description, depth))
        below = _resolved(schema, resolved["items"]) if resolved.get("type") == "array" else resolved
        if below.get("properties") and depth < 4:
            found += _fields(schema, below, depth + 1)
    return found


def _resolved(schema: dict[str, Any], shape: dict[str, Any]) -> dict[str, Any]:
    parts = [shape, *shape.get("allOf", []), *(shape.get("oneOf") or [])[:1]]
    merged: dict[str, Any] = {}
    for part in parts:
        if "$ref" in part:
            name = part["$ref"].rsplit("/", 1)[1]
            merged = {**_resolved(schema, schema["components"]["schemas"][name]), **merged}
    return {**merged, **{key: value for key, value in shape.items() if key not in {"$ref", "allOf", "oneOf"}}}


def _kind(shape: dict[str, Any]) -> str:
    kind = shape.get("type", "")
    if "enum" in shape:
        return " | ".join(str(value) for value in shape["enum"] if value not in {None, ""})
    if kind == "array":
        return "array"
    return f"{kind} ({shape['format']})" if shape.get("format") else str(kind)
