"""What a provider's refusal means: from its status and words to one of our codes, and to the piece of the request it refuses.

The words are those of real servers, as public reports quote them (tests/gateway/test_refusals.py names them).
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
from .errors import Code, GatewayError, Refused

MAX_RETRY_AFTER = 3600
MOST_WORDS = 600  # what comes further down may be the person's own text, quoted
DETAIL_WORDS = 300
LEAST_ROOM = 64  # tokens; if the prompt leaves less of the window, an answer would break off in its first sentence

_CONTEXT = re.compile(
    r"context[_ ]length|exceed_context|context size|context window|maximum context|context limit|max_seq_len"
    r"|(prompt|input) is too long|input (token count|tokens? exceed|length)|too large for model"
    r"|longer than the maximum model length"
    r"|inputs` tokens \+|max_new_tokens` must be|too many (input )?tokens|reduce the length of the (messages|prompt)"
    r"|prompt contains \d+ tokens|number of input tokens|tokens in (the )?prompt exceed|string_above_max_length"
    r"|max_(completion_)?tokens must be at least 1, got -"
)
_FILTER = re.compile(
    r"content[_ ]filter|content[_ ]policy|responsibleai|content management policy|prohibited_content|data_inspection_failed"
    r"|inappropriate content|blocked by (our |the )?(content|safety)|safety system|moderation"
    r"|flagged as potentially violating|usage polic(y|ies)"
)
_QUOTA = re.compile(
    r"insufficient[_ ]quota|exceeded your current quota|quota exceeded|quota[_ ]exhausted|quota limit|billing|payment required"
    r"|insufficient (balance|credit|funds)|credit balance|out of credits|not enough credits|arrearage"
    r"|monthly (usage )?limit|tokens per month|spend(ing)? limit|per-?day|(daily|your) quota|key limit exceeded"
)
_REFUSES = re.compile(
    r"unsupported|not support|unknown|unrecognized|unexpected|extra|not permitted|not allowed|forbidden|invalid|deprecated"
    r"|not implemented|not enabled|must be verified|not available|cannot be used"
)
_KINDS = re.compile(r"invalid_\w+|badrequest\w*")  # kinds of errors, which say nothing about what is refused
# The prompt alone would fit: the window, and how much of it the prompt takes.
_ROOM = [
    re.compile(
        r"maximum context length (?:is|of) (?P<window>\d+).{0,200}?(?P<prompt>\d+)"
        r" (?:in the messages|in your prompt|of text input|(?:input|prompt) tokens|tokens from the input)"
    ),
    re.compile(r"exceed context limit: (?P<prompt>\d+) \+ \d+ > (?P<window>\d+)"),
]
_STREAM = re.compile(
    r"\bstream(ing)?['\"`]?( requests| responses| mode)? (is|are) not (yet )?(support|allow|implement|enabl|available|permitted)"
    r"|(not|n't) support[^.]{0,20} ['\"`]?stream(ing)?\b(?!_)|verified to stream"
    r"|(unknown|unrecognized|unsupported)[^.]{0,30}['\"`: ]stream['\"`]|['\"`]stream['\"`] does not support"
    r"|body[\"', .]+stream[\"'\]) ]"
)
_SYSTEM = re.compile(
    r"system (role|message|prompt|instruction)s?[^.]{0,40}(not support|not enabled|not allowed|not available|unsupported)"
    r"|(not|n't) support[^.]{0,40}['\"`]?(system|developer)\b|developer instruction is not enabled"
    r"|roles must alternate|only user and assistant roles|only user, assistant|must alternate between"
    r"|'?input'?: '?system'?|unexpected role ['\"]?system|unknown variant ['\"`]?system|invalid role:? ['\"`]?system"
    r"|should be ['\"`]user['\"`] or ['\"`]assistant|['\"`]?system['\"`]? is not one of|valid role: user, model"
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


# What a validator quotes of the request is the person's own text; the beginning is enough to recognise a role.
_QUOTED = re.compile(r"""(['"]input['"]: .{0,12}).*?(?=['"](?:ctx|url)['"]: |\}, ?\{|$)""")


def _documents(body: object, depth: int = 6) -> Iterator[dict[str, Any]]:
    """Yield the objects in an error body, the innermost error first: some are lists, some contain another as text."""
    if isinstance(body, list) and depth:
        for item in body[:5]:
            yield from _documents(item, depth - 1)
    elif isinstance(body, dict) and depth:
        for name in ("error", "errors", "innererror", "detail"):
            yield from _documents(body.get(name), depth - 1)
        if isinstance(message := body.get("message"), str) and message.lstrip().startswith("{"):
            with contextlib.suppress(ValueError, RecursionError):
                yield from _documents(json.loads(message), depth - 1)
        yield body


def _flat(body: object) -> str:
    """Return all of an error body as one short text; nothing if its nesting has no end."""
    try:
        return body[:4000] if isinstance(body, str) else json.dumps(body, default=str)[:4000]
    except (RecursionError, ValueError):
        return ""


_TELLING = (
    *("type", "status", "code", "param", "loc", "message", "msg", "detail", "error", "reason"),
    *("error_type", "error_code", "error_message"),
)


def _words(body: object) -> str:
    """Return what an error body says, short and on one line."""
    found: list[str] = []
    for document in _documents(body):
        for name in _TELLING:
            value = document.get(name)
            if name in {"error", "detail"} and isinstance(value, dict | list):  # its objects were yielded before
                value = " ".join(item for item in value if isinstance(item, str)) if isinstance(value, list) else None
            if value is not None:
                found.append(value if isinstance(value, str) else _flat(value))
    if not found and not isinstance(body, dict | list):
        found = [str(body or "")]
    unique = dict.fromkeys(_QUOTED.sub(r"\1", " ".join(text.split())) for text in found)
    return " ".join(unique)[:MOST_WORDS]


def retry_after(headers: Mapping[str, str], words: str = "") -> int | None:
    """Return the seconds that a refusal asks to wait: by a header, as a number or a date, else by its words."""
    seconds = _seconds(headers.get("retry-after", ""))
    if seconds is None and (milliseconds := _seconds(headers.get("retry-after-ms", ""))) is not None:
        seconds = milliseconds / 1000
    for kind in ("-requests", "-tokens", ""):
        if seconds is None and headers.get(f"x-ratelimit-remaining{kind}", "").strip() == "0":
            seconds = _until(headers.get(f"x-ratelimit-reset{kind}", ""))
    if seconds is None:
        for pattern in _WAITS:
            if (said := pattern.search(words.lower())) and any(said.groups()):
                hours, minutes, rest = (float(part or 0) for part in said.groups())
                seconds = 3600 * hours + 60 * minutes + rest
                break
    if seconds is None or not math.isfinite(seconds):
        return None
    return min(max(math.ceil(seconds), 1), MAX_RETRY_AFTER)


_SPAN = re.compile(r"(?:(\d+)h)?(?:(\d+)m(?!s))?(?:(\d+(?:\.\d+)?)s)?(?:(\d+(?:\.\d+)?)ms)?")


def _until(value: str) -> float | None:
    """Return the seconds until a limit is lifted: servers write 6m0s, 12, or a time in seconds or milliseconds since 1970."""
    seconds = _seconds(value)
    if seconds is None:
        said = _SPAN.fullmatch(value.strip())
        if said is None or not any(said.groups()):
            return None
        hours, minutes, rest, milliseconds = (float(part or 0) for part in said.groups())
        return 3600 * hours + 60 * minutes + rest + milliseconds / 1000
    if seconds > 1e11:
        seconds /= 1000
    return seconds - time.time() if seconds > 1e8 else seconds


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


_REFUSING = {400, 404, 405, 416, 422, 501}
# Templates fail on a role, which some servers report as an error of their own; Azure forbids streaming. Whatever else they report
# this way may be temporary, and would be learned for good from one answer that comes later.
_ALSO_REFUSING = {403: Adaptation.NO_STREAM, 500: Adaptation.NO_SYSTEM}


def of_status(status: int, body: object, headers: Mapping[str, str]) -> GatewayError:
    """Return the error for an answer whose HTTP status is not a success."""
    words = _words(body)
    detail = f"HTTP {status}: {words[:DETAIL_WORDS]}".rstrip(": ")
    lower = words.lower()
    wait = retry_after(headers, f"{words} {_flat(body)}")
    if status == 402 or (status in {403, 429} and _is_quota(lower, body, wait)) or (status == 429 and wait == MAX_RETRY_AFTER):
        return GatewayError(Code.QUOTA_EXHAUSTED, detail=detail, status=status)
    if status == 429:
        return GatewayError(Code.RATE_LIMITED, detail=detail, status=status, retry_after=wait)
    if status < 500 and _FILTER.search(lower):
        return GatewayError(Code.CONTENT_REFUSED, detail=detail, status=status)
    refused = _refused(lower)
    if refused is not None and (status in _REFUSING or _ALSO_REFUSING.get(status) is refused.piece):
        return GatewayError(Code.PROVIDER_ERROR, detail=detail, status=status, permanent=True, refused=refused)
    if status in {400, 413, 416, 422, 500} and (status == 413 or _CONTEXT.search(lower)):
        return GatewayError(Code.CONTEXT_FULL, detail=detail, status=status, refused=_too_little_room(lower))
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
    """Whether what is used up stays used up: a limit per minute, which Gemini words in the same way, says when to come back."""
    if not _QUOTA.search(lower):
        return False
    if "insufficient_quota" in lower:
        return True
    if wait is None:
        return "rate limit reached" not in lower  # whose words end in a link to the billing page
    return "perday" in _flat(body).lower()


def _refused(lower: str) -> Refused | None:
    """Return which piece of the request the words refuse, whatever its prompt."""
    for pattern in _LOWER_LIMIT:
        if ("max_tokens" in lower or "max_completion_tokens" in lower) and (found := pattern.search(lower)):
            return Refused(Adaptation.LOWER_LIMIT, int(found[1][:9]))
    if _SYSTEM.search(lower):
        return Refused(Adaptation.NO_SYSTEM)
    if _STREAM.search(lower):
        return Refused(Adaptation.NO_STREAM)
    if _CONTEXT.search(lower) or not _REFUSES.search(_KINDS.sub("", lower)):
        return None
    if "stream_options" in lower:
        return Refused(Adaptation.NO_USAGE)
    if ("max_tokens" in lower or "max_completion_tokens" in lower) and not re.search(r"minimum|at least|>=", lower):
        return Refused(Adaptation.OTHER_LIMIT)
    return None


def _too_little_room(lower: str) -> Refused | None:
    """Return that the limit is to be left out this time, if the window has room for the prompt but not for the longest answer:
    the server then uses what is left, which is less than was asked for."""
    for pattern in _ROOM:
        if (said := pattern.search(lower)) and int(said["window"][:9]) - int(said["prompt"][:9]) >= LEAST_ROOM:
            return Refused(Adaptation.NO_LIMIT, lasting=False)
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
        return GatewayError(Code.CONTEXT_FULL, detail=detail, refused=_too_little_room(lower))
    if _is_quota(lower, error, None):
        return GatewayError(Code.QUOTA_EXHAUSTED, detail=detail)
    if "rate_limit" in lower or "rate limit" in lower or "too many requests" in lower:
        return GatewayError(Code.RATE_LIMITED, detail=detail, retry_after=retry_after({}, words))
    return GatewayError(Code.PROVIDER_ERROR, detail=f"Error inside the stream: {detail}", refused=_refused(lower))


def _status_of(document: dict[str, Any]) -> int | None:
    for name in ("code", "status", "status_code", "http_status", "error_code"):
        value = document.get(name)
        if isinstance(value, str) and value.isdigit() and len(value) == 3:
            value = int(value)
        if isinstance(value, int) and not isinstance(value, bool) and 400 <= value < 600:
            return value
    return None
