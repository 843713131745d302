"""Whatever characters arrive, wherever they can be typed: no page, operation or command fails on them, and none is stored."""

from __future__ import annotations

import json
import re
import uuid
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any, get_args
from urllib.parse import quote

import msgspec
import pytest
from django import forms
from django.contrib.auth.models import Permission
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from apps.accounts.models import PeopleImport, User
from apps.accounts.services import go_on_with_import
from apps.core.live import frames, registry
from apps.core.live.errors import LiveError
from apps.core.live.session import person_behind
from apps.core.missing import NotThere
from apps.core.text import well_formed
from tests.architecture.routes import Route, routes
from tests.factories.access import entitled_user
from tests.factories.chat import make_model

UNKEEPABLE = re.compile("[\0\r\ud800-\udfff]")
# NUL, half an emoji as three stray bytes, a stray byte, a line break as forms send it.
ESCAPED = "a\\u0000b\\ud83dc\\r\\nd"
TYPED = "a%00b%ED%A0%BDc%FFd%0D%0Ae"
READ_BY_HAND = {
    *("text", "target", "title", "q", "next", "page", "page_size", "what", "current"),
    *("model", "code", "language", "theme", "lang", "version"),
}
ROUTES = [route for route in routes() if "media" not in route.name and not route.path.startswith("/account/demo/")]


def all_forms(base: type[forms.BaseForm] = forms.BaseForm) -> Iterator[type[forms.BaseForm]]:
    for form in base.__subclasses__():
        yield form
        yield from all_forms(form)


def names() -> list[str]:
    """Return the names of all form fields, and of what views read without a form."""
    found = {name for form in all_forms() for name in getattr(form, "base_fields", {})}
    return sorted(found | READ_BY_HAND)


@contextmanager
def a_database_that_refuses() -> Iterator[None]:
    """Make every database as strict as PostgreSQL, which takes no NUL and no lone surrogate."""

    def strict(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        for row in params if many else [params]:
            for value in row.values() if isinstance(row, dict) else row or ():
                assert not (isinstance(value, str) and UNKEEPABLE.search(value)), f"{value!r} would be stored by {sql[:80]}"
        return execute(sql, params, many, context)

    with connection.execute_wrapper(strict):
        yield


@pytest.fixture
def anybody(db: None) -> Client:
    """Somebody who may do everything, with a model that a message could start an answer from."""
    make_model(window=1_000_000)
    user = entitled_user("chat.use", is_staff=True)
    user.user_permissions.set(Permission.objects.all())
    client = Client(raise_request_exception=True)
    client.force_login(user)
    return client


@pytest.mark.django_db
@pytest.mark.parametrize("route", ROUTES, ids=str)
def test_no_page_fails_on_what_is_typed(anybody: Client, route: Route) -> None:
    query = "&".join(f"{quote(name)}={TYPED}" for name in names())
    parts = "".join(f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{ESCAPED}\r\n' for name in names())
    form = "multipart/form-data; boundary=x; charset=unicode_escape"  # so that a lone surrogate can arrive
    with a_database_that_refuses():
        assert anybody.get(f"{route.path.replace('/x/', '/x%00%ED%A0%80/')}?{query}").status_code < 500
        assert anybody.generic("POST", route.path, f"{parts}--x--\r\n", content_type=form).status_code < 500


@pytest.mark.django_db
def test_no_cookie_fails_the_look_up_of_a_session(client: Client) -> None:
    client.cookies["sessionid"] = client.cookies["csrftoken"] = client.cookies["theme"] = "a\0bcdefghijklmnop"  # sent as \000
    with a_database_that_refuses():
        assert client.get("/accounts/login/").status_code == 200
        assert client.get("/").status_code == 302
        assert person_behind(well_formed("a\0bcdefghijklmnop")) is None


@pytest.mark.django_db
def test_no_file_fails_on_what_it_holds(anybody: Client) -> None:
    file = SimpleUploadedFile("people.csv", b"email,first_name,last_name\r\nn\0ul@alcyon.example,N\0UL,Two\rlines\r\n")
    with a_database_that_refuses():
        columns = anybody.post("/staff/people/import/", {"file": file})["Location"]
        fields = ("email", "first_name", "last_name")
        chosen = {f"column_{place}": field for place, field in enumerate(fields)}
        anybody.post(columns, {**chosen, "take": "good"})
        found = PeopleImport.objects.get()
        go_on_with_import(import_id=str(found.pk))
        anybody.post(f"/staff/people/imports/{found.pk}/apply/", {"round": 1})
        go_on_with_import(import_id=str(found.pk))
    assert User.objects.get(email="nul@alcyon.example").first_name == "NUL"


@pytest.mark.django_db
@pytest.mark.parametrize("command", registry.all_commands(), ids=lambda command: command.name)
def test_no_command_fails_on_what_is_typed(command: registry.Command) -> None:
    samples: dict[Any, Any] = {str: json.loads(f'"{ESCAPED}"'), uuid.UUID: str(uuid.UUID(int=7)), int: 10**30}
    fields = {
        field.encode_name: next(sample for kind, sample in samples.items() if kind in (field.type, *get_args(field.type)))
        for field in msgspec.structs.fields(command.frame)
    }
    asked = frames.read(json.dumps({"type": command.name, **fields}))
    with a_database_that_refuses(), suppress(LiveError, NotThere):
        command.handler(entitled_user("chat.use"), msgspec.convert(asked.fields, command.frame))


def test_there_is_something_to_type_into() -> None:
    assert len(ROUTES) > 80
    assert {"title", "reason", "email", "api_key", "upstream_name"} <= set(names())
    assert registry.all_commands()
