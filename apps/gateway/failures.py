"""What a provider's refusal means: from its status and its words to a code of ours."""

from __future__ import annotations

import math
import time
from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from .errors import Code, GatewayError

MAX_RETRY_AFTER = 3600
_CONTEXT_WORDS = ("context_length", "context length", "exceed_context", "context size", "context window", "maximum context")
_FILTER_WORDS = ("content_filter", "content_policy", "responsibleai", "content management policy")


def _words(body: object) -> str:
    """Return what an error body says, short and on one line."""
    if isinstance(body, dict):
        body = body.get("error", body)
    if isinstance(body, dict):
        body = " ".join(str(body[key]) for key in ("type", "code", "message") if body.get(key) is not None)
    return " ".join(str(body or "").split())[:300]


def retry_after(headers: Mapping[str, str]) -> int | None:
    """Return the seconds that a Retry-After header asks for, as a number or as a date."""
    value = headers.get("retry-after", "").strip()
    if not value:
        return None
    try:
        seconds = float(value)
    except ValueError:
        try:
            seconds = parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None
    if not math.isfinite(seconds):
        return None
    return min(max(math.ceil(seconds), 1), MAX_RETRY_AFTER)


def of_status(status: int, body: object, headers: Mapping[str, str]) -> GatewayError:
    """Return the error for an answer whose HTTP status is not a success."""
    words = _words(body)
    detail = f"HTTP {status}: {words}".rstrip(": ")
    lower = words.lower()
    if status == 429:
        return GatewayError(Code.RATE_LIMITED, detail=detail, status=status, retry_after=retry_after(headers))
    if any(word in lower for word in _FILTER_WORDS):
        return GatewayError(Code.CONTENT_REFUSED, detail=detail, status=status)
    if status in {400, 413, 422} and (status == 413 or any(word in lower for word in _CONTEXT_WORDS)):
        return GatewayError(Code.CONTEXT_FULL, detail=detail, status=status)
    if status in {401, 403}:
        return GatewayError(Code.NOT_CONFIGURED, detail=f"The provider refuses the key. {detail}", status=status)
    if status in {404, 410}:
        return GatewayError(
            Code.NOT_CONFIGURED, detail=f"The provider does not know the model or the address. {detail}", status=status
        )
    if 300 <= status < 400:
        return GatewayError(Code.NOT_CONFIGURED, detail=f"The provider redirects, which is not followed. {detail}", status=status)
    if status == 503:
        return GatewayError(Code.PROVIDER_ERROR, detail=detail, status=status, retry_after=retry_after(headers))
    # What the provider calls our mistake stays one when repeated.
    return GatewayError(Code.PROVIDER_ERROR, detail=detail, status=status, permanent=400 <= status < 500 and status != 408)


def in_stream(error: Any) -> GatewayError:
    """Return the error for an error object inside a stream that began as a success."""
    status = error.get("code") if isinstance(error, dict) else None
    if isinstance(status, int) and 400 <= status < 600:
        return of_status(status, error, {})
    words = _words(error)
    lower = words.lower()
    if any(word in lower for word in _FILTER_WORDS):
        return GatewayError(Code.CONTENT_REFUSED, detail=words)
    if any(word in lower for word in _CONTEXT_WORDS):
        return GatewayError(Code.CONTEXT_FULL, detail=words)
    if "rate_limit" in lower or "rate limit" in lower:
        return GatewayError(Code.RATE_LIMITED, detail=words)
    return GatewayError(Code.PROVIDER_ERROR, detail=f"Error inside the stream: {words}")
