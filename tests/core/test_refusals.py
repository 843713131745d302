"""What a service refuses, as a form, the next page, the socket and the API show it."""

from __future__ import annotations

import pytest
from django import forms
from django.contrib.messages import get_messages
from django.contrib.messages.storage.fallback import FallbackStorage
from django.test import RequestFactory
from rest_framework.exceptions import ErrorDetail, ValidationError

from apps.accounts.models import User
from apps.core.api.problems import Conflict, _known
from apps.core.live import registry
from apps.core.refusals import Refusal, refusals_on, refusals_told
from apps.gateway.errors import Code, GatewayError
from tests.factories.accounts import UserFactory


class Busy(Refusal):
    code = "busy"


class Form(forms.Form):
    title = forms.CharField()
    reason = forms.CharField()


def filled() -> Form:
    form = Form({"title": "a", "reason": "b"})
    assert form.is_valid()
    return form


@pytest.mark.parametrize(
    ("named", "usual", "beside"),
    [
        ("title", None, "title"),
        ("title", "reason", "title"),
        ("", "reason", "reason"),
        ("", None, "__all__"),
        ("gone", None, "__all__"),
    ],
)
def test_a_form_shows_it_beside_its_field(named: str, usual: str | None, beside: str) -> None:
    form = filled()
    with refusals_on(form, usual):
        raise Refusal("Not so.", field=named)
    assert form.errors == {beside: ["Not so."]}


def test_anything_else_passes() -> None:
    with pytest.raises(KeyError), refusals_on(filled()):
        raise KeyError


def test_the_next_page_tells_it(rf: RequestFactory) -> None:
    request = rf.get("/")
    request.session = {}  # type: ignore[assignment]
    request._messages = FallbackStorage(request)  # type: ignore[attr-defined]
    with refusals_told(request):
        raise Refusal("Not so.")
    assert [str(message) for message in get_messages(request)] == ["Not so."]


def test_a_code_is_the_class_s_unless_told() -> None:
    assert Refusal("x").code == "refused"
    assert Busy("x").code == "busy"
    assert Busy("x", code="too_busy").code == "too_busy"


@pytest.mark.django_db
def test_the_socket_tells_code_field_and_where_to_mend_it() -> None:
    user: User = UserFactory.create(is_superuser=True)
    assert registry.refused(user, Busy("Wait.", field="title")).frame() == {
        "type": "error",
        "code": "busy",
        "message": "Wait.",
        "field": "title",
    }
    frame = registry.refused(user, GatewayError(Code.NOT_CONFIGURED)).frame()
    assert (frame["code"], frame["url"]) == ("not_configured", "/staff/models/")
    assert "url" not in registry.refused(UserFactory.create(), GatewayError(Code.NOT_CONFIGURED)).frame()


def test_the_api_answers_400_where_a_field_is_wrong_else_409() -> None:
    wrong = _known(Refusal("Shorter.", code="too_long", field="title"))
    assert isinstance(wrong, ValidationError)
    assert wrong.detail == {"title": [ErrorDetail("Shorter.", "too_long")]}
    later = _known(Busy("Wait."))
    assert isinstance(later, Conflict)
    assert (later.status_code, later.get_codes(), str(later.detail)) == (409, "busy", "Wait.")
