"""What registers itself at start."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command

from apps.core.models import AuditEntry
from apps.gateway.enums import STANDARD_ALIAS, VersionStatus
from apps.gateway.models import Alias, Model, ModelVersion, Provider
from apps.gateway.provider_keys import read_key
from apps.gateway.services import (
    register_embedded,
    register_from_environment,
    report_embedded_trouble,
)
from tests.factories.gateway import AliasFactory, ProviderFactory, VersionFactory

pytestmark = pytest.mark.django_db


def standard() -> Alias:
    return Alias.objects.get(code=STANDARD_ALIAS)


def test_the_embedded_model_registers_itself_once() -> None:
    first = register_embedded(base_url="http://127.0.0.1:1111/v1", api_key="first-key")
    again = register_embedded(base_url="http://127.0.0.1:2222/v1", api_key="second-key")
    assert first == again
    provider = Provider.objects.get()
    assert provider.embedded
    assert provider.base_url == "http://127.0.0.1:2222/v1"
    assert read_key(provider) == "second-key"
    assert standard().target == first
    assert (first.status, first.context_window) == (VersionStatus.ACTIVE, 4096)
    assert AuditEntry.objects.filter(action="gateway.register_embedded").count() == 1


def test_the_embedded_model_leaves_the_alias_where_it_points() -> None:
    chosen = VersionFactory.create()
    AliasFactory.create(code=STANDARD_ALIAS, target=chosen)
    register_embedded(base_url="http://127.0.0.1:1111/v1", api_key="k")
    assert standard().target == chosen


def test_the_embedded_model_leaves_what_staff_have_changed() -> None:
    version = register_embedded(base_url="http://127.0.0.1:1111/v1", api_key="k")
    Provider.objects.update(name="Our small model", enabled=False)
    Model.objects.update(name="Small")
    ModelVersion.objects.update(status=VersionStatus.PREVIEW, label="try")
    register_embedded(base_url="http://127.0.0.1:2222/v1", api_key="k")
    version.refresh_from_db()
    assert (version.status, version.label) == (VersionStatus.PREVIEW, "try")
    provider = Provider.objects.get()
    assert (provider.name, provider.enabled) == ("Our small model", False)
    assert Model.objects.get().name == "Small"


def test_a_provider_that_has_the_name_already_is_not_taken_over() -> None:
    ProviderFactory.create(name="llama.cpp (local)")
    register_embedded(base_url="http://127.0.0.1:1111/v1", api_key="k")
    assert Provider.objects.get(embedded=True).name != "llama.cpp (local)"


def test_trouble_is_noted_and_cleared() -> None:
    report_embedded_trouble(reason="nothing to mark yet")
    register_embedded(base_url="http://127.0.0.1:1111/v1", api_key="k")
    report_embedded_trouble(reason="x" * 1000)
    assert len(Provider.objects.get().trouble) == 300
    register_embedded(base_url="http://127.0.0.1:1111/v1", api_key="k")
    assert Provider.objects.get().trouble == ""


def test_the_environments_provider_comes_before_the_embedded_model() -> None:
    register_embedded(base_url="http://127.0.0.1:1111/v1", api_key="k")
    version = register_from_environment(name="Mistral", base_url="https://api.mistral.ai/v1/", api_key="sk", model="large")
    assert standard().target == version
    assert version.provider.base_url == "https://api.mistral.ai/v1"
    register_embedded(base_url="http://127.0.0.1:1111/v1", api_key="k")
    assert standard().target == version


def test_the_environment_does_not_move_an_alias_that_a_person_pointed() -> None:
    chosen = VersionFactory.create()
    AliasFactory.create(code=STANDARD_ALIAS, target=chosen, automatic=False)
    register_from_environment(name="Mistral", base_url="https://api.mistral.ai/v1", api_key="sk", model="large")
    assert standard().target == chosen


def test_the_environment_changes_address_and_key_and_leaves_a_trace_only_then() -> None:
    for key in ("one", "one", "two"):
        register_from_environment(name="Mistral", base_url="https://api.mistral.ai/v1", api_key=key, model="large")
    assert read_key(Provider.objects.get()) == "two"
    assert ModelVersion.objects.count() == 1
    entries = AuditEntry.objects.filter(action="gateway.register_from_environment")
    assert entries.count() == 2
    assert not any("two" in str(entry.details) for entry in entries)
    register_from_environment(name="Mistral", base_url="https://api.mistral.ai/v1", api_key="two", model="small")
    assert ModelVersion.objects.count() == 2


def run(settings: object, **values: str) -> str:
    for name, value in values.items():
        setattr(settings, f"PROVIDER_{name.upper()}", value)
    out = StringIO()
    call_command("sync_providers", stdout=out)
    return out.getvalue()


def test_the_command_without_a_provider(settings: object) -> None:
    assert "no provider" in run(settings)


def test_the_command_registers(settings: object) -> None:
    assert "large v1 is served by Mistral" in run(
        settings, name="Mistral", url="https://api.mistral.ai/v1", key="sk", model="large"
    )


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"url": "https://api.mistral.ai/v1"}, "go together"),
        ({"model": "large"}, "go together"),
        ({"url": "http://169.254.169.254/v1", "model": "large"}, "ALMIA_PROVIDER_URL"),
        ({"url": "http://api.mistral.ai/v1", "model": "large"}, "ALMIA_PROVIDER_URL"),
    ],
)
def test_the_command_says_what_is_wrong(settings: object, values: dict[str, str], words: str) -> None:
    with pytest.raises(CommandError, match=words):
        run(settings, **values)
    assert not Provider.objects.exists()


def test_another_address_from_the_environment_forgets_what_the_last_server_refused() -> None:
    version = register_from_environment(name="Ours", base_url="https://a.alcyon.example/v1", api_key="", model="m")
    ModelVersion.objects.update(adaptations={"no_system": {"value": 0, "since": "2026-11-26"}})
    for address, kept in (("https://a.alcyon.example/v1", True), ("https://b.alcyon.example/v1", False)):
        register_from_environment(name="Ours", base_url=address, api_key="", model="m")
        version.refresh_from_db()
        assert bool(version.adaptations) is kept
