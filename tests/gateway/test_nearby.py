"""Model servers that run on this machine, found and connected in one click."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.models import AuditEntry
from apps.gateway.enums import STANDARD_ALIAS, VersionStatus
from apps.gateway.models import Alias, ModelVersion, Provider
from apps.gateway.services import nearby, servers_nearby
from bench.upstream import Running
from tests.factories.accounts import UserFactory
from tests.factories.gateway import AliasFactory, ProviderFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client, settings: Any) -> Client:
    settings.TRYOUT = True
    client.force_login(UserFactory.create(permissions=["gateway.manage_models"], language="en"))
    return client


@pytest.fixture
def silent() -> Iterator[int]:
    """A port on which something listens and never answers."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield int(listening.getsockname()[1])


@pytest.fixture
def ports(monkeypatch: pytest.MonkeyPatch, upstream: Running, silent: int) -> dict[str, int]:
    """One server that answers, one that does not, one port on which nothing listens."""
    ports = {"Ollama": urlsplit(upstream.base_url).port or 0, "LM Studio": silent, "vLLM": 9}
    monkeypatch.setattr(nearby, "PORTS", ports)
    monkeypatch.setattr(nearby, "ANSWERS_WITHIN", 0.5)
    return ports


def connect(staff: Client, url: str, model: str) -> str:
    page = staff.post(reverse("gateway:connect_nearby"), {"server": url, "model": model}, follow=True)
    assert page.redirect_chain == [(reverse("gateway:models"), 302)]
    return page.content.decode()


def test_only_what_answers_with_models_is_offered(ports: dict[str, int]) -> None:
    [found] = servers_nearby()
    assert (found.name, found.base_url) == ("Ollama", f"http://127.0.0.1:{ports['Ollama']}/v1")
    assert "steady" in found.models


@pytest.mark.parametrize("host", ["127.0.0.1", "localhost", "[::1]"])
def test_what_a_provider_leads_to_already_is_not_offered(ports: dict[str, int], host: str) -> None:
    ProviderFactory.create(base_url=f"http://{host}:{ports['Ollama']}/v1")
    assert servers_nearby() == []


def test_models_that_cannot_chat_are_left_out(ports: dict[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(nearby, "NOT_FOR_CHAT", ("steady",))
    [found] = servers_nearby()
    assert "steady" not in found.models


def test_pages_ask_once_they_are_there(staff: Client, ports: dict[str, int], settings: Any) -> None:
    for page in ("gateway:models", "gateway:providers"):
        assert reverse("gateway:nearby") in staff.get(reverse(page)).content.decode()
    shown = staff.get(reverse("gateway:nearby")).content.decode()
    assert "Ollama" in shown
    assert "LM Studio" not in shown
    settings.TRYOUT = False
    assert reverse("gateway:nearby") not in staff.get(reverse("gateway:models")).content.decode()


def test_one_click_and_it_answers(staff: Client, ports: dict[str, int]) -> None:
    before = AliasFactory.create(code=STANDARD_ALIAS, label="Our model")
    url = f"http://127.0.0.1:{ports['Ollama']}/v1"
    assert "“steady” answers from the next message on." in connect(staff, url, "steady")
    alias = Alias.objects.select_related("target__provider").get(pk=STANDARD_ALIAS)
    assert alias.target is not None
    assert (alias.label, alias.automatic, alias.target.upstream_name) == (before.label, False, "steady")
    assert (alias.target.status, alias.target.provider.base_url) == (VersionStatus.ACTIVE, url)
    actions = list(AuditEntry.objects.values_list("action", flat=True))
    for action in ("create_provider", "create_version", "change_status", "point_alias"):
        assert f"gateway.{action}" in actions


def test_without_an_alias_there_is_one_afterwards(staff: Client, ports: dict[str, int]) -> None:
    connect(staff, f"http://127.0.0.1:{ports['Ollama']}/v1", "steady")
    assert Alias.objects.get(pk=STANDARD_ALIAS).target == ModelVersion.objects.get()


def test_names_that_are_taken_get_a_number(staff: Client, ports: dict[str, int]) -> None:
    ProviderFactory.create(name="Ollama", base_url="https://elsewhere.example/v1")
    connect(staff, f"http://127.0.0.1:{ports['Ollama']}/v1", "steady")
    assert Provider.objects.filter(name="Ollama 2").exists()


@pytest.mark.parametrize(("server", "model"), [("http://127.0.0.1:22/v1", "steady"), ("", ""), (None, "of-somebody-else")])
def test_nothing_else_can_be_connected(staff: Client, ports: dict[str, int], server: str | None, model: str) -> None:
    connect(staff, f"http://127.0.0.1:{ports['Ollama']}/v1" if server is None else server, model)
    assert not Provider.objects.exists()


def test_in_production_nothing_is_there(staff: Client, settings: Any) -> None:
    settings.TRYOUT = False
    assert staff.get(reverse("gateway:nearby")).status_code == 404
    assert staff.post(reverse("gateway:connect_nearby")).status_code == 404


def test_it_is_for_those_who_may_manage_models(client: Client, settings: Any) -> None:
    settings.TRYOUT = True
    client.force_login(UserFactory.create())
    assert client.get(reverse("gateway:nearby")).status_code == 403
    assert client.post(reverse("gateway:connect_nearby")).status_code == 403
