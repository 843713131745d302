"""What staff change, and its effect on the next call."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from apps.accounts.models import User
from apps.core.models import AuditEntry
from apps.gateway.addresses import AddressRefused
from apps.gateway.enums import VersionStatus
from apps.gateway.errors import Code, GatewayError
from apps.gateway.models import Alias, Model, ModelVersion, Provider
from apps.gateway.provider_keys import read_key
from apps.gateway.services import (
    RegistryError,
    change_alias,
    change_model,
    change_provider,
    change_version,
    change_version_status,
    create_alias,
    create_provider,
    create_version,
    prepare_call,
    register_embedded,
)
from tests.factories.accounts import UserFactory
from tests.factories.gateway import AliasFactory, ProviderFactory, VersionFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def actor(db: None) -> User:
    user: User = UserFactory.create(permissions=["gateway.manage_models"])
    return user


def last_entry(action: str) -> AuditEntry:
    return AuditEntry.objects.filter(action=f"gateway.{action}").order_by("-pk")[0]


def field_of(caught: pytest.ExceptionInfo[RegistryError]) -> str | None:
    assert str(caught.value)
    return caught.value.field


def test_a_provider_and_its_key(actor: User) -> None:
    provider = create_provider(
        actor=actor, api_key="sk-secret-of-the-provider", name="Mistral", base_url="https://api.mistral.ai/v1/"
    )
    assert provider.base_url == "https://api.mistral.ai/v1"
    change_provider(provider=provider, actor=actor, api_key="", name="Mistral AI")
    stored = Provider.objects.get()
    assert (stored.name, read_key(stored)) == ("Mistral AI", "sk-secret-of-the-provider")
    change_provider(provider=provider, actor=actor, api_key="sk-another-key-altogether")
    assert read_key(Provider.objects.get()) == "sk-another-key-altogether"
    change_provider(provider=provider, actor=actor, forget_key=True)
    assert read_key(Provider.objects.get()) == ""
    assert not any("sk-" in str(entry.details) for entry in AuditEntry.objects.order_by("pk"))


def test_a_change_that_changes_nothing_leaves_no_trace(actor: User) -> None:
    provider = ProviderFactory.create()
    change_provider(provider=provider, actor=actor, name=provider.name)
    assert not AuditEntry.objects.exists()


@pytest.mark.parametrize("address", ["http://models.alcyon.example/v1", "https://169.254.169.254/v1", "nonsense"])
def test_an_address_that_is_not_allowed_is_not_stored(actor: User, address: str) -> None:
    with pytest.raises(AddressRefused) as caught:
        create_provider(actor=actor, name="X", base_url=address)
    assert caught.value.field == "base_url"
    provider = ProviderFactory.create()
    with pytest.raises(AddressRefused):
        change_provider(provider=provider, actor=actor, base_url=address)
    assert Provider.objects.get().base_url == provider.base_url


@pytest.mark.parametrize(
    "address", ["https://evil.example/v1", "https://api.mistral.ai:8443/v1", "https://api.mistral.ai.evil.example/v1"]
)
def test_a_key_does_not_follow_its_provider_to_another_address(actor: User, address: str) -> None:
    provider = ProviderFactory.with_key("sk-secret-of-the-provider", base_url="https://api.mistral.ai/v1")
    with pytest.raises(RegistryError) as caught:
        change_provider(provider=provider, actor=actor, api_key="", base_url=address)
    assert caught.value.field == "api_key"
    assert Provider.objects.get().base_url == "https://api.mistral.ai/v1"
    change_provider(provider=provider, actor=actor, base_url="https://api.mistral.ai/v2")
    assert read_key(Provider.objects.get()) == "sk-secret-of-the-provider"
    change_provider(provider=provider, actor=actor, api_key="sk-of-the-other-place", base_url=address)
    assert read_key(Provider.objects.get()) == "sk-of-the-other-place"
    change_provider(provider=provider, actor=actor, forget_key=True, base_url="https://third.example/v1")
    assert read_key(Provider.objects.get()) == ""


@pytest.mark.parametrize("change", [{"base_url": "https://elsewhere.example/v1"}, {"api_key": "mine"}, {"forget_key": True}])
def test_the_embedded_models_address_and_key_are_not_for_staff(actor: User, change: dict[str, Any]) -> None:
    provider = register_embedded(base_url="http://127.0.0.1:1111/v1", api_key="its-own").provider
    with pytest.raises(RegistryError):
        change_provider(provider=provider, actor=actor, **change)
    change_provider(provider=provider, actor=actor, name="Our small model", enabled=False)
    assert read_key(Provider.objects.get()) == "its-own"


def new_version(actor: User, **fields: Any) -> ModelVersion:
    values: dict[str, Any] = {"provider": ProviderFactory.create(), "upstream_name": "plume-3", "label": "v3", **fields}
    return create_version(model_name="Plume", publisher="Alcyon", actor=actor, **values)


def test_a_version_begins_as_a_preview_of_its_model(actor: User) -> None:
    first, second = new_version(actor), new_version(actor, label="v4")
    assert first.model == second.model == Model.objects.get()
    assert first.status == VersionStatus.PREVIEW
    with pytest.raises(RegistryError) as caught:
        new_version(actor)
    assert field_of(caught) == "label"


def test_prices_before_and_after_are_written_down(actor: User) -> None:
    version = VersionFactory.create(price_in=Decimal(2), price_out=Decimal(6))
    change_version(version=version, actor=actor, price_out=Decimal(5))
    details = last_entry("change_version").details
    assert [Decimal(details[when]["price_out"]) for when in ("before", "after")] == [Decimal(6), Decimal(5)]
    other = VersionFactory.create(model=version.model)
    with pytest.raises(RegistryError):
        change_version(version=version, actor=actor, label=other.label)


def test_a_model_is_renamed(actor: User) -> None:
    version = VersionFactory.create()
    change_model(model=version.model, name="Plume Large", publisher="Alcyon", actor=actor)
    assert Model.objects.get().name == "Plume Large"
    assert last_entry("change_model").details["changed"] == ["name"]


def move(version: ModelVersion, status: VersionStatus, actor: User, **dates: date) -> ModelVersion:
    return change_version_status(version=version, status=status, reason="The battery passed.", actor=actor, **dates)


def test_the_life_of_a_version(actor: User) -> None:
    today = timezone.localdate()
    version = new_version(actor)
    version = move(version, VersionStatus.ACTIVE, actor)
    assert version.released_on == today
    version = move(version, VersionStatus.DEPRECATED, actor, retires_on=today + timedelta(days=30))
    assert (version.deprecated_on, version.retires_on) == (today, today + timedelta(days=30))
    assert not version.is_retired()
    version = move(version, VersionStatus.RETIRED, actor)
    assert version.retires_on == today
    assert version.is_retired()
    version = move(version, VersionStatus.ACTIVE, actor)
    assert (version.deprecated_on, version.retires_on) == (None, None)
    entry = last_entry("change_status")
    assert (entry.reason, entry.details["from"], entry.details["to"]) == ("The battery passed.", "retired", "active")


def test_retiring_before_the_announced_day(actor: User) -> None:
    today = timezone.localdate()
    version = VersionFactory.create()
    version = move(
        version, VersionStatus.DEPRECATED, actor, deprecated_on=today + timedelta(days=5), retires_on=today + timedelta(days=30)
    )
    version = move(version, VersionStatus.RETIRED, actor)
    assert (version.deprecated_on, version.retires_on) == (today, today)


@pytest.mark.parametrize("status", [VersionStatus.RETIRED, VersionStatus.PREVIEW])
def test_a_version_that_an_alias_points_to_stays(actor: User, status: VersionStatus) -> None:
    version = AliasFactory.create(label="Almia standard").target
    with pytest.raises(RegistryError, match="Almia standard") as caught:
        move(version, status, actor)
    assert field_of(caught) == "status"


def test_dates_in_the_wrong_order_and_a_missing_reason(actor: User) -> None:
    today = timezone.localdate()
    version = VersionFactory.create(released_on=today)
    with pytest.raises(RegistryError) as caught:
        move(version, VersionStatus.DEPRECATED, actor, retires_on=today - timedelta(days=1))
    assert field_of(caught) == "retires_on"
    with pytest.raises(RegistryError) as caught:
        move(version, VersionStatus.DEPRECATED, actor, deprecated_on=today - timedelta(days=1))
    assert field_of(caught) == "deprecated_on"
    with pytest.raises(RegistryError) as caught:
        change_version_status(version=version, status=VersionStatus.DEPRECATED, reason="  ", actor=actor)
    assert field_of(caught) == "reason"


def test_pointing_an_alias_elsewhere_counts_for_the_next_call(actor: User) -> None:
    before, after = VersionFactory.create(), VersionFactory.create()
    alias = create_alias(code="almia-fast", label="Almia rapide", order=20, target=before, reason="Asked for", actor=actor)
    messages: list[Any] = [{"role": "user", "content": "Hello"}]
    user = UserFactory.create()
    assert prepare_call(user=user, target="almia-fast", messages=messages, purpose="chat").version_id == before.pk
    change_alias(alias=alias, label="Almia rapide", order=20, target=after, reason="Better", actor=actor)
    assert prepare_call(user=user, target="almia-fast", messages=messages, purpose="chat").version_id == after.pk
    entry = last_entry("point_alias")
    assert (entry.reason, entry.details["from"], entry.details["to"]) == ("Better", str(before.pk), str(after.pk))


@pytest.mark.django_db(transaction=True)
def test_a_process_that_keeps_the_registry_forgets_it_at_a_change(settings: Any) -> None:
    settings.REGISTRY_SECONDS = 60
    actor = UserFactory.create()
    version = VersionFactory.create(provider=ProviderFactory.with_key("sk-one"))
    messages: list[Any] = [{"role": "user", "content": "Hello"}]
    call = prepare_call(user=actor, target=str(version.pk), messages=messages, purpose="chat")
    assert call.endpoint.api_key == "sk-one"
    change_provider(provider=version.provider, actor=actor, api_key="sk-two")
    assert prepare_call(user=actor, target=str(version.pk), messages=messages, purpose="chat").endpoint.api_key == "sk-two"
    change_provider(provider=version.provider, actor=actor, enabled=False)
    with pytest.raises(GatewayError) as caught:
        prepare_call(user=actor, target=str(version.pk), messages=messages, purpose="chat")
    assert caught.value.code is Code.NOT_CONFIGURED


@pytest.mark.parametrize(
    "make",
    [
        lambda: VersionFactory.create(status=VersionStatus.PREVIEW),
        lambda: VersionFactory.create(retires_on=timezone.localdate()),
        lambda: VersionFactory.create(provider=ProviderFactory.create(enabled=False)),
    ],
)
def test_an_alias_points_only_to_what_can_answer(actor: User, make: Any) -> None:
    alias = AliasFactory.create()
    before = alias.target_id
    with pytest.raises(RegistryError) as caught:
        change_alias(alias=alias, label=alias.label, order=1, target=make(), reason="Why not", actor=actor)
    assert field_of(caught) == "target"
    assert Alias.objects.get().target_id == before


def test_an_alias_without_a_reason_or_with_a_code_that_is_taken(actor: User) -> None:
    alias = AliasFactory.create(code="almia-standard")
    other = VersionFactory.create()
    with pytest.raises(RegistryError) as caught:
        change_alias(alias=alias, label="X", order=1, target=other, reason=" ", actor=actor)
    assert field_of(caught) == "reason"
    with pytest.raises(RegistryError) as caught:
        create_alias(code="almia-standard", label="X", order=1, target=other, reason="Because", actor=actor)
    assert field_of(caught) == "code"


def test_once_a_person_has_looked_after_an_alias_nothing_moves_it(actor: User) -> None:
    version = register_embedded(base_url="http://127.0.0.1:1111/v1", api_key="k")
    alias = Alias.objects.get()
    assert alias.automatic
    change_alias(alias=alias, label=alias.label, order=alias.order, target=version, reason="It stays", actor=actor)
    assert not Alias.objects.get().automatic
