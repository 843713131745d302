"""The API compared with its own description: requests that fit it and requests that do not, as schemathesis draws them.

Always the same ones. Every response must be described (status, content type, body), what does not fit must be refused, and
nothing may be an error of ours.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import pytest
import schemathesis
from django.core import signals
from django.core.handlers.wsgi import WSGIHandler
from django.db import close_old_connections
from django.test import Client
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from apps.api.reference import openapi
from apps.chat.models import Conversation
from tests.factories.access import entitled_user

EXAMPLES = 8  # of each kind, for each operation
PORTAL: Any = WSGIHandler()


def portal(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    """The portal as a WSGI application, its description without a sign-in."""
    if environ["PATH_INFO"] != "/openapi.json":
        return list(PORTAL(environ, start_response))
    start_response("200 OK", [("Content-Type", "application/json")])
    return [json.dumps(openapi()).encode()]


DESCRIBED: Any = schemathesis.openapi.from_wsgi("/openapi.json", portal)
OPERATIONS: Any = [found.ok() for found in DESCRIBED.get_all_operations()]


@pytest.fixture
def _within_the_test(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Requests share the test's transaction, and their number per minute is not limited."""
    monkeypatch.setattr("apps.core.api.throttling.PersonThrottle.allow_request", lambda *_: True)
    for signal in (signals.request_started, signals.request_finished):
        signal.disconnect(close_old_connections)
    yield
    for signal in (signals.request_started, signals.request_finished):
        signal.connect(close_old_connections)


@pytest.mark.django_db
@pytest.mark.usefixtures("_within_the_test")
@pytest.mark.parametrize("mode", list(GenerationMode), ids=lambda mode: mode.value)
@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda operation: operation.label)
def test_the_api_is_as_described(
    token_client: Callable[..., Client], talk: Callable[..., Conversation], operation: Any, mode: GenerationMode
) -> None:
    caller = entitled_user("chat.use", language="en")
    headers = {
        "Authorization": token_client(caller, "read", "chat", "write").defaults["HTTP_AUTHORIZATION"],
        "Host": "testserver",
    }
    known = {"conversation_id": str(talk(caller).pk)} if "conversation_id" in operation.path else {}

    # The edges of what is described, one after the other…
    for case in DESCRIBED.iter_coverage_cases(
        operation, generation_modes=[mode], generation_config=DESCRIBED.config.generation_for(operation=operation)
    ):
        if is_uuid(case.path_parameters.get("conversation_id")):
            case.path_parameters = known
        case.call_and_validate(headers=headers)

    # … and what nobody would think of.
    requests = operation.as_strategy(generation_mode=mode)
    if known:
        requests |= operation.as_strategy(generation_mode=mode, path_parameters=known)

    @given(case=requests)
    @settings(
        max_examples=EXAMPLES,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    def ask(case: Any) -> None:
        case.call_and_validate(headers=headers)

    ask()


def is_uuid(value: Any) -> bool:
    try:
        return bool(uuid.UUID(str(value)))
    except ValueError:
        return False
