"""Every error as a problem detail (RFC 9457), in the caller's language, with an id to find it again in the log."""

from __future__ import annotations

import logging
from typing import Any

from django.core.exceptions import ObjectDoesNotExist, PermissionDenied, RequestDataTooBig, SuspiciousOperation
from django.http import Http404, HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from rest_framework import exceptions, status
from rest_framework.response import Response
from rest_framework.views import set_rollback

from apps.core.crypto import CryptoError
from apps.core.ids import uuid7
from apps.core.refusals import Refusal

from .errors import Refused

logger = logging.getLogger("almia.api")

CONTENT_TYPE = "application/problem+json"
TITLES = {
    400: gettext_lazy("This request cannot be understood"),
    401: gettext_lazy("Sign in first"),
    403: gettext_lazy("You may not do this"),
    404: gettext_lazy("There is nothing here"),
    405: gettext_lazy("This address does not do that"),
    409: gettext_lazy("This cannot be done as things stand"),
    413: gettext_lazy("This request is too large"),
    415: gettext_lazy("Send JSON"),
    429: gettext_lazy("Too many requests"),
    503: gettext_lazy("This does not work at the moment"),
    500: gettext_lazy("Something went wrong on our side"),
}
INVALID = gettext_lazy("Some fields are not right")


class Conflict(exceptions.APIException):
    """A service refuses it in the current state."""

    status_code = status.HTTP_409_CONFLICT


class TooLarge(exceptions.APIException):
    """More bytes than are accepted at once."""

    status_code = status.HTTP_413_REQUEST_ENTITY_TOO_LARGE


class Unavailable(exceptions.APIException):
    """A part of the portal does not work."""

    status_code = status.HTTP_503_SERVICE_UNAVAILABLE


def handle(error: Exception, context: dict[str, Any]) -> Response:
    """Return `error` as a problem; an unexpected one is logged under the id the caller gets."""
    instance = f"urn:uuid:{uuid7()}"
    known = _known(error)
    set_rollback()
    if known is None:
        request: HttpRequest | None = getattr(context.get("request"), "_request", None)
        logger.error("API error %s", instance, exc_info=error, extra={"status_code": 500, "request": request})
        return respond(500, instance=instance)
    headers = {}
    if header := getattr(known, "auth_header", None):
        headers["WWW-Authenticate"] = header
    if wait := getattr(known, "wait", None):
        headers["Retry-After"] = str(int(wait) + 1)
    if isinstance(known, exceptions.ValidationError):
        return respond(400, kind="invalid", title=INVALID, instance=instance, headers=headers, errors=_field_errors(known.detail))
    more: dict[str, Any] = {}
    if isinstance(known, Refused):
        more = {"kind": known.kind, "title": known.title, **known.fields}
    elif isinstance(known, Conflict):
        more = {"code": known.get_codes()}
    return respond(known.status_code, detail=str(known.detail), instance=instance, headers=headers, **more)


def respond(
    code: int,
    /,
    *,
    kind: str = "",
    title: Any = "",
    detail: str = "",
    instance: str,
    headers: dict[str, str] | None = None,
    **more: Any,
) -> Response:
    """Return a problem response with the status `code`. Without `kind` and `title` it means what its status means
    (`about:blank`). `more`: what else it contains, perhaps including the `code` of a refusal."""
    body: dict[str, Any] = {
        "type": f"/api/v1/docs/#{kind}" if kind else "about:blank",
        "title": str(title or TITLES.get(code) or TITLES[400]),
        "status": code,
        "instance": instance,
    }
    if detail:
        body["detail"] = detail
    return Response(body | more, status=code, headers=headers, content_type=CONTENT_TYPE)


def _known(error: Exception) -> exceptions.APIException | None:
    if isinstance(error, exceptions.APIException):
        return error
    if isinstance(error, Http404 | ObjectDoesNotExist):
        return exceptions.NotFound(_("It does not exist, or it belongs to somebody else."))
    if isinstance(error, Refusal):
        # Either what was sent is wrong, and the problem says where; or it is right, but cannot be done in the current state.
        if error.field:
            return exceptions.ValidationError({error.field: [str(error)]}, code=error.code)
        return Conflict(str(error), code=error.code)
    if isinstance(error, PermissionDenied):
        return exceptions.PermissionDenied()
    if isinstance(error, CryptoError):
        logger.error("Encryption refused: %s", error)
        return Unavailable(_("Your content cannot be encrypted or read at the moment. Nothing was lost; try again soon."))
    if isinstance(error, RequestDataTooBig):
        return TooLarge(_("Send less at once."))
    if isinstance(error, SuspiciousOperation):
        return exceptions.ParseError()
    return None


def _field_errors(detail: Any, path: str = "") -> list[dict[str, str]]:
    """Flatten DRF's nested errors: for each, a JSON pointer, a code and a sentence."""
    if isinstance(detail, dict):
        return [
            error
            for key, value in detail.items()
            for error in _field_errors(value, path if key == "non_field_errors" else f"{path}/{key}")
        ]
    if isinstance(detail, list):
        found: list[dict[str, str]] = []
        for index, value in enumerate(detail):
            nested = isinstance(value, dict | list)
            found += _field_errors(value, f"{path}/{index}" if nested else path)
        return found
    return [{"pointer": path, "code": getattr(detail, "code", "invalid"), "detail": str(detail)}]
