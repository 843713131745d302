"""A GET writes nothing: a link is followed by prefetching browsers, mail scanners and crawlers."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connections
from django.test.client import Client

SAFE = {"GET", "HEAD", "OPTIONS", "TRACE"}
STATEMENT = re.compile(r'\s*(?:INSERT(?: OR \w+)? INTO|UPDATE|DELETE FROM)\s+["`]?(\w+)', re.IGNORECASE)
# Writes caused by reading, and why.
ALLOWED = {
    "django_session": "signing in, messages and the session's own age",
    "usersessions_usersession": "when a session was last seen",
    "accounts_personaltoken": "when a token was last used",
}
# allauth's own pages: a confirmation link, the way back from single sign-on.
ALLOWED_UNDER = ("/accounts/",)


class WroteWhileReading(AssertionError):
    """A GET changed the database."""


def guard(execute: Callable[..., Any], sql: str, params: Any, many: bool, context: Any) -> Any:
    found = STATEMENT.match(sql)
    if found and found[1] not in ALLOWED:
        raise WroteWhileReading(sql[:200])
    return execute(sql, params, many, context)


def install(patch: pytest.MonkeyPatch) -> None:
    request = Client.request

    def strict(self: Client, **kwargs: Any) -> Any:
        path = kwargs.get("PATH_INFO", "")
        if kwargs.get("REQUEST_METHOD", "GET") not in SAFE or path.startswith(ALLOWED_UNDER):
            return request(self, **kwargs)
        with connections["default"].execute_wrapper(guard):
            return request(self, **kwargs)

    patch.setattr(Client, "request", strict)
