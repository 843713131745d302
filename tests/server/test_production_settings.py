"""Production does not start with what would make it unsafe."""

from __future__ import annotations

import importlib
import sys
from types import ModuleType
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured

from apps.server.errors import CannotServe
from apps.server.web import configuration
from tools.check import PRODUCTION

NAME = "almia.settings.production"


def load(monkeypatch: pytest.MonkeyPatch, **changes: str) -> ModuleType:
    for name, value in {**PRODUCTION, **changes}.items():
        if name != "DJANGO_SETTINGS_MODULE":
            monkeypatch.setenv(name, value)
    monkeypatch.delitem(sys.modules, NAME, raising=False)
    try:
        return importlib.import_module(NAME)
    finally:
        sys.modules.pop(NAME, None)


def test_what_has_the_right_form_starts_and_is_safe(monkeypatch: pytest.MonkeyPatch) -> None:
    settings = load(monkeypatch)
    assert not settings.DEBUG
    assert not settings.TRYOUT
    assert settings.SESSION_COOKIE_SECURE
    assert settings.CSRF_COOKIE_SECURE
    assert settings.SECURE_SSL_REDIRECT
    assert settings.SECURE_HSTS_SECONDS >= 31_536_000
    assert settings.SECURE_PROXY_SSL_HEADER is None
    assert settings.ALLAUTH_TRUSTED_PROXY_COUNT == 0
    assert not settings.KEY_FILE_MAY_BE_CREATED


@pytest.mark.parametrize("name", [name for name in PRODUCTION if name != "DJANGO_SETTINGS_MODULE"])
def test_a_missing_value_stops_the_start_and_is_named(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(ImproperlyConfigured, match=name):
        load(monkeypatch, **{name: ""})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ALMIA_SECRET_KEY", "short"),
        ("ALMIA_SECRET_KEY", "x" * 60),
        ("ALMIA_AUDIT_KEY", "changeme"),
        ("ALMIA_AUDIT_KEY", PRODUCTION["ALMIA_SECRET_KEY"]),
        ("ALMIA_ALLOWED_HOSTS", "*"),
        ("ALMIA_ALLOWED_HOSTS", "almia.alcyon.example,*"),
        ("ALMIA_ORIGINS", "http://almia.alcyon.example"),
        ("ALMIA_ORIGINS", "https://almia.alcyon.example,http://almia.alcyon.example"),
        ("ALMIA_ORIGINS", "https://almia.alcyon.example/"),
        ("ALMIA_ORIGINS", "https://almia.alcyon.example:none"),
        ("ALMIA_ORIGINS", "https://[almia"),
        ("DATABASE_URL", "mysql://x"),
        ("ALMIA_SSL_REDIRECT", "perhaps"),
    ],
)
def test_an_unsafe_value_stops_the_start(monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    with pytest.raises(ImproperlyConfigured) as caught:
        load(monkeypatch, **{name: value})
    if name.endswith("KEY"):
        assert value not in str(caught.value)


@pytest.mark.parametrize("origins", ["https://tools.alcyon.example/almia", "https://almia.alcyon.example,https://x.example/a/b/"])
def test_below_a_path_it_does_not_start(monkeypatch: pytest.MonkeyPatch, origins: str) -> None:
    with pytest.raises(ImproperlyConfigured, match="at the root of a host name of its own") as caught:
        load(monkeypatch, ALMIA_ORIGINS=origins)
    assert "docs/operations.md" in str(caught.value)


def test_a_script_name_stops_the_start(settings: Any) -> None:
    assert configuration()
    settings.FORCE_SCRIPT_NAME = "/almia"
    with pytest.raises(CannotServe, match="/almia"):
        configuration()
