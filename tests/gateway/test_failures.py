from __future__ import annotations

import time
from email.utils import formatdate

import pytest

from apps.gateway.errors import Code
from apps.gateway.failures import in_stream, of_status, retry_after


@pytest.mark.parametrize(
    ("value", "seconds"),
    [("7", 7), ("0", 1), ("0.4", 1), ("-3", 1), ("99999999", 3600), ("inf", None), ("nan", None), ("soon", None), ("", None)],
)
def test_retry_after_as_a_number(value: str, seconds: int | None) -> None:
    assert retry_after({"retry-after": value}) == seconds


def test_retry_after_as_a_date() -> None:
    seconds = retry_after({"retry-after": formatdate(time.time() + 60, usegmt=True)})
    assert seconds is not None
    assert 58 <= seconds <= 61


@pytest.mark.parametrize(
    ("status", "body", "code", "permanent"),
    [
        (400, {"message": "maximum context length is 8192"}, Code.CONTEXT_FULL, True),
        (400, {"error": {"code": 400, "type": "exceed_context_size_error", "message": "too big"}}, Code.CONTEXT_FULL, True),
        (413, None, Code.CONTEXT_FULL, True),
        (400, {"code": "content_filter", "message": "ResponsibleAIPolicyViolation"}, Code.CONTENT_REFUSED, True),
        (400, {"message": "unknown parameter"}, Code.PROVIDER_ERROR, True),
        (403, "<html>", Code.NOT_CONFIGURED, True),
        (410, {"message": "decommissioned"}, Code.NOT_CONFIGURED, True),
        (408, None, Code.PROVIDER_ERROR, False),
        (503, {"message": "overloaded"}, Code.PROVIDER_ERROR, False),
        (504, ["odd"], Code.PROVIDER_ERROR, False),
    ],
)
def test_statuses(status: int, body: object, code: Code, permanent: bool) -> None:
    error = of_status(status, body, {})
    assert (error.code, error.permanent, error.status) == (code, permanent, status)
    assert str(status) in error.detail


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"message": "died", "code": 500}, Code.PROVIDER_ERROR),
        ({"message": "slow down", "code": 429}, Code.RATE_LIMITED),
        ({"message": "Rate limit exceeded", "code": "rate_limit_exceeded"}, Code.RATE_LIMITED),
        ({"message": "context size exceeded"}, Code.CONTEXT_FULL),
        ({"code": "content_filter"}, Code.CONTENT_REFUSED),
        ("plain words", Code.PROVIDER_ERROR),
        (True, Code.PROVIDER_ERROR),
    ],
)
def test_errors_inside_a_stream(body: object, code: Code) -> None:
    assert in_stream(body).code is code


def test_a_long_refusal_is_cut() -> None:
    assert len(of_status(500, {"message": "x" * 10_000}, {}).detail) < 400
