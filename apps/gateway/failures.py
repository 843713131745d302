"""What a provider's refusal means: from its status and its words to a code of ours, and to what of the request it does not take.

The words are those of real servers, as public reports quote them (tests/gateway/test_failures.py names them).
"""

from __future__ import annotations

import contextlib
import json
import math
import re
import time
from collections.abc import Iterator, Mapping
from email.utils import parsedate_to_datetime
from typing import Any

from .enums import Adaptation
from .errors import Code, GatewayError

MAX_RETRY_AFTER = 3600
MOST_WORDS = 600  # what stands further down may be the person's own text, quoted
DETAIL_WORDS = 300

_CONTEXT = re.compile(
    r"context[_ ]length|exceed_context|context size|context window|maximum context|context limit|max_seq_len"
    r"|(prompt|input) is too long|input (token count|tokens? exceed|length)|too large for model"
    r"|longer than the maximum model length"
    r"|inputs` tokens \+|max_new_tokens` must be|too many (input )?tokens|reduce the length of the (messages|prompt)"
    r"|prompt contains \d+ tokens|number of input tokens|tokens in (the )?prompt exceed|string_above_max_length"
)
_FILTER = re.compile(
    r"content[_ ]filter|content[_ ]policy|responsibleai|content management policy|prohibited_content|data_inspection_failed"
    r"|inappropriate content|blocked by (our |the )?(content|safety)|safety system|moderation"
)
_QUOTA = re.compile(
    r"insufficient[_ ]quota|exceeded your current quota|quota exceeded|quota[_ ]exhausted|quota limit|billing|payment required"
    r"|insufficient (balance|credit|funds)|credit balance|out of credits|not enough credits|arrearage"
    r"|monthly (usage )?limit|tokens per month|spend(ing)? limit|perday"
)
_REFUSES = re.compile(
    r"unsupported|not support|unknown|unrecognized|unexpected|extra|not permitted|not allowed|forbidden|invalid|deprecated"
    r"|not implemented|not enabled|must be verified|not available|cannot be used"
)
_KINDS = re.compile(r"invalid_\w+|badrequest\w*")  # kinds of errors, which say nothing of what is refused
_LIMIT_TOO_LARGE = re.compile(r"max_(completion_)?tokens['\"`]?( or ['\"`]?max_completion_tokens['\"`]?)? is too large")
_SYSTEM = re.compile(
    r"system (role|message|prompt|instruction)s?[^.]{0,40}(not support|not enabled|not allowed|not available|unsupported)"
    r"|(not|n't) support[^.]{0,40}['\"`]?(system|developer)\b|developer instruction is not enabled"
    r"|roles must alternate|only user and assistant roles|only user, assistant|must alternate between"
    r"|'?input'?: '?system'?|unexpected role ['\"]?system"
)
_NO_STREAM = re.compile(
    r"\bstream(ing)?\b[^.]{0,60}(not support|unsupported|not implemented|not available|not allowed|not enabled)"
    r"|(not support|unsupported|must be verified|not allow)[^.]{0,60}\bstream(ing)?\b"
)
_LOWER_LIMIT = [
    re.compile(pattern)
    for pattern in (
        r"supports at most (\d+)",
        r"max_(?:completion_)?tokens[^.]{0,40}range[^.]{0,40}\[\d+, ?(\d+)\]",
        r"range of max_(?:completion_)?tokens[^.]{0,30}\[\d+, ?(\d+)\]",
        r"max_(?:completion_)?tokens: \d+ > (\d+)",
        r"max_(?:completion_)?tokens`? must be less than or equal to `?(\d+)",
        r"max_(?:completion_)?tokens.{0,120}expected a value <= (\d+)",
        r"max_(?:completion_)?tokens.{0,60}(?:at most|maximum(?: value)? (?:is|of)|cannot exceed|must not exceed) `?(\d+)",
    )
]
_WAITS = [
    re.compile(r"(?:try again|retry) (?:in|after) (?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?) ?s)?"),
    re.compile(r'"?retrydelay"?\W{1,4}()()(\d+(?:\.\d+)?)s'),
]


def _documents(body: object, depth: int = 6) -> Iterator[dict[str, Any]]:
    """Yield what an error body holds of objects, the innermost error first: some are lists, some hold another as text."""
    if isinstance(body, list) and depth:
        for item in body[:5]:
            yield from _documents(item, depth - 1)
    elif isinstance(body, dict) and depth:
        for name in ("error", "errors", "innererror"):
            yield from _documents(body.get(name), depth - 1)
        if isinstance(message := body.get("message"), str) and message.lstrip().startswith("{"):
            with contextlib.suppress(ValueError, RecursionError):
                yield from _documents(json.loads(message), depth - 1)
        yield body


def _flat(body: object) -> str:
    """Return all of an error body as one short text; nothing for one that is nested without end."""
    try:
        return body[:4000] if isinstance(body, str) else json.dumps(body, default=str)[:4000]
    except (RecursionError, ValueError):
        return ""


def _words(body: object) -> str:
    """Return what an error body says, short and on one line."""
    found: list[str] = []
    for document in _documents(body):
        for name in ("type", "status", "code", "param", "loc", "message", "msg", "detail", "error", "reason"):
            value = document.get(name)
            if value is not None and not (name == "error" and isinstance(value, dict | list)):
                found.append(value if isinstance(value, str) else _flat(value))
    if not found and not isinstance(body, dict | list):
        found = [str(body or "")]
    unique = dict.fromkeys(" ".join(text.split()) for text in found)
    return " ".join(unique)[:MOST_WORDS]


def retry_after(headers: Mapping[str, str], words: str = "") -> int | None:
    """Return the seconds that a refusal asks to wait: by a header, as a number or a date, else by its words."""
    seconds = _seconds(headers.get("retry-after", ""))
    if seconds is None and (milliseconds := _seconds(headers.get("retry-after-ms", ""))) is not None:
        seconds = milliseconds / 1000
    if seconds is None:
        for pattern in _WAITS:
            if (said := pattern.search(words.lower())) and any(said.groups()):
                hours, minutes, rest = (float(part or 0) for part in said.groups())
                seconds = 3600 * hours + 60 * minutes + rest
                break
    if seconds is None or not math.isfinite(seconds):
        return None
    return min(max(math.ceil(seconds), 1), MAX_RETRY_AFTER)


def _seconds(value: str) -> float | None:
    value = value.strip()
    if not value:
        return None
    try:
        return float(value)
    except ValueError:
        try:
            return parsedate_to_datetime(value).timestamp() - time.time()
        except (ValueError, OverflowError):
            return None


def of_status(status: int, body: object, headers: Mapping[str, str]) -> GatewayError:
    """Return the error for an answer whose HTTP status is not a success."""
    words = _words(body)
    detail = f"HTTP {status}: {words[:DETAIL_WORDS]}".rstrip(": ")
    lower = words.lower()
    wait = retry_after(headers, f"{words} {_flat(body)}")
    if status == 402 or (status in {403, 429} and _is_quota(lower, body, wait)):
        return GatewayError(Code.QUOTA_EXHAUSTED, detail=detail, status=status)
    if status == 429:
        return GatewayError(Code.RATE_LIMITED, detail=detail, status=status, retry_after=wait)
    if _FILTER.search(lower):
        return GatewayError(Code.CONTENT_REFUSED, detail=detail, status=status)
    refused = _refused(lower, status) if status in {400, 404, 405, 416, 422, 500, 501} else None
    if refused is not None:
        return GatewayError(Code.PROVIDER_ERROR, detail=detail, status=status, permanent=True, refused=refused)
    if status in {400, 413, 416, 422, 500} and (status == 413 or _CONTEXT.search(lower)):
        return GatewayError(Code.CONTEXT_FULL, detail=detail, status=status)
    if status == 400 and _is_quota(lower, body, None):
        return GatewayError(Code.QUOTA_EXHAUSTED, detail=detail, status=status)
    if status in {401, 403}:
        return GatewayError(Code.NOT_CONFIGURED, detail=f"The provider refuses the key. {detail}", status=status)
    if status in {404, 405, 410}:
        return GatewayError(
            Code.NOT_CONFIGURED, detail=f"The provider does not know the model or the address. {detail}", status=status
        )
    if 300 <= status < 400:
        return GatewayError(Code.NOT_CONFIGURED, detail=f"The provider redirects, which is not followed. {detail}", status=status)
    if status in {503, 529}:
        return GatewayError(Code.PROVIDER_ERROR, detail=detail, status=status, retry_after=wait)
    # What the provider calls our mistake stays one when repeated.
    return GatewayError(
        Code.PROVIDER_ERROR, detail=detail, status=status, permanent=400 <= status < 500 and status not in {408, 409, 425}
    )


def _is_quota(lower: str, body: object, wait: int | None) -> bool:
    """Whether what is used up stays used up: a limit by the minute, which Gemini words alike, says when to come back."""
    if not _QUOTA.search(lower):
        return False
    if "insufficient_quota" in lower:
        return True
    if wait is None:
        return "rate limit reached" not in lower  # whose words end in a link to the billing page
    return "perday" in _flat(body).lower()


def _refused(lower: str, status: int) -> tuple[Adaptation, int] | None:
    """Return what of the request the words refuse, and the figure they would take instead (0: none)."""
    for pattern in _LOWER_LIMIT:
        if ("max_tokens" in lower or "max_completion_tokens" in lower) and (found := pattern.search(lower)):
            return Adaptation.LOWER_LIMIT, int(found[1][:9])
    if _SYSTEM.search(lower):
        return Adaptation.NO_SYSTEM, 0
    if _CONTEXT.search(lower):
        # Too much for what the prompt leaves of the window: without a limit, the server uses what is left.
        return (Adaptation.NO_LIMIT, 0) if _LIMIT_TOO_LARGE.search(lower) else None
    if not _REFUSES.search(_KINDS.sub("", lower)):
        return None
    if "stream_options" in lower:
        return Adaptation.NO_USAGE, 0
    if ("max_tokens" in lower or "max_completion_tokens" in lower) and not re.search(r"minimum|at least|>=", lower):
        return Adaptation.OTHER_LIMIT, 0
    if status != 500 and _NO_STREAM.search(lower):  # a 500 that speaks of a stream is one that broke
        return Adaptation.NO_STREAM, 0
    return None


def in_stream(error: Any) -> GatewayError:
    """Return the error for an error object inside a stream that began as a success."""
    status = next((code for document in _documents(error) if (code := _status_of(document)) is not None), None)
    if status is not None:
        return of_status(status, error, {})
    words = _words(error)
    lower = words.lower()
    detail = words[:DETAIL_WORDS]
    if _FILTER.search(lower):
        return GatewayError(Code.CONTENT_REFUSED, detail=detail)
    if _CONTEXT.search(lower):
        return GatewayError(Code.CONTEXT_FULL, detail=detail)
    if _is_quota(lower, error, None):
        return GatewayError(Code.QUOTA_EXHAUSTED, detail=detail)
    if "rate_limit" in lower or "rate limit" in lower or "too many requests" in lower:
        return GatewayError(Code.RATE_LIMITED, detail=detail, retry_after=retry_after({}, words))
    return GatewayError(Code.PROVIDER_ERROR, detail=f"Error inside the stream: {detail}")


def _status_of(document: dict[str, Any]) -> int | None:
    for name in ("code", "status", "status_code", "http_status"):
        value = document.get(name)
        if isinstance(value, str) and value.isdigit() and len(value) == 3:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
            return value
    return None
