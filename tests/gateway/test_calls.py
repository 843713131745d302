"""Before and after a call: `prepare_call`, `record_usage`."""

from __future__ import annotations

import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from apps.core.crypto import KeyUnavailable
from apps.gateway.calls import Call, Message
from apps.gateway.enums import Outcome, VersionStatus
from apps.gateway.errors import Code, GatewayError
from apps.gateway.models import ModelVersion, Provider, UsageEntry
from apps.gateway.services import prepare_call, record_usage
from apps.gateway.services.known import forget_registry
from tests.factories.accounts import UserFactory
from tests.factories.gateway import AliasFactory, ProviderFactory, VersionFactory

pytestmark = pytest.mark.django_db
HELLO: list[Message] = [{"role": "user", "content": "Hello"}]


def prepare(target: object, *permissions: str, **fields: object) -> Call:
    user = UserFactory.create(permissions=list(permissions))
    return prepare_call(user=user, target=str(target), messages=HELLO, purpose="chat", **fields)  # type: ignore[arg-type]


def refusal(target: object, *permissions: str) -> GatewayError:
    with pytest.raises(GatewayError) as caught:
        prepare(target, *permissions)
    return caught.value


def test_an_alias_leads_to_its_version() -> None:
    provider = ProviderFactory.with_key("sk-very-secret-key", name="Mistral", first_timeout=5)
    version = VersionFactory.create(provider=provider, label="v3", max_output_tokens=500, context_window=8000)
    AliasFactory.create(code="almia-standard", target=version)
    call = prepare("almia-standard", max_tokens=900)
    assert (call.alias, call.version_id, call.version_label) == ("almia-standard", version.pk, "v3")
    assert call.label == f"{version.model.name} v3"
    assert call.endpoint.api_key == "sk-very-secret-key"
    assert (call.max_tokens, call.context_window) == (500, 8000)
    assert call.limits.first == 5
    assert "sk-very-secret-key" not in repr(call)
    assert "Hello" not in repr(call)


def test_a_version_may_be_named_directly() -> None:
    version = VersionFactory.create()
    call = prepare(version.pk, max_tokens=10)
    assert (call.alias, call.version_id, call.max_tokens, call.endpoint.api_key) == ("", version.pk, 10, "")


@pytest.mark.parametrize("target", ["nothing", "", "../etc", uuid.uuid4()])
def test_an_unknown_target(target: object) -> None:
    assert refusal(target).code is Code.NO_MODEL


def test_without_the_standard_model_nobody_is_told_to_choose_better() -> None:
    assert refusal("almia-standard").code is Code.NOT_CONFIGURED
    alias = AliasFactory.create(code="almia-standard", target=None)
    assert refusal("almia-standard").code is Code.NOT_CONFIGURED
    alias.target = VersionFactory.create(status=VersionStatus.PREVIEW)
    alias.save()
    forget_registry()
    assert refusal("almia-standard").code is Code.NOT_CONFIGURED
    assert prepare("almia-standard", "gateway.use_previews").alias == "almia-standard"


def test_a_preview_looks_missing_to_who_may_not_use_it() -> None:
    version = VersionFactory.create(status=VersionStatus.PREVIEW)
    missing, hidden = refusal(uuid.uuid4()), refusal(version.pk)
    assert (missing.code, str(missing)) == (hidden.code, str(hidden))
    assert prepare(version.pk, "gateway.use_previews").version_id == version.pk


def test_a_retired_version_is_refused() -> None:
    version = VersionFactory.create(status=VersionStatus.RETIRED, retires_on=timezone.localdate())
    assert refusal(version.pk).code is Code.NOT_CONFIGURED, "There is no other one to choose."
    VersionFactory.create()
    assert refusal(version.pk).code is Code.MODEL_RETIRED


@pytest.mark.parametrize(("days", "refused"), [(0, True), (-1, True), (1, False)])
def test_the_date_retires_whatever_the_status_says(days: int, refused: bool) -> None:
    version = VersionFactory.create(released_on=None, retires_on=timezone.localdate() + timedelta(days=days))
    alias = AliasFactory.create(target=version)
    VersionFactory.create()
    if refused:
        assert refusal(alias.code).code is Code.MODEL_RETIRED
    else:
        assert prepare(alias.code).version_id == version.pk


def test_an_alias_that_points_nowhere_and_a_provider_out_of_use() -> None:
    assert refusal(AliasFactory.create(target=None).code).code is Code.NOT_CONFIGURED
    version = VersionFactory.create(provider=ProviderFactory.create(enabled=False))
    assert refusal(version.pk).code is Code.NOT_CONFIGURED


def test_a_key_that_cannot_be_read_is_no_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    version = VersionFactory.create(provider=ProviderFactory.with_key("sk-very-secret-key", name="Mistral"))

    def unavailable(*args: object) -> None:
        raise KeyUnavailable("The key file cannot be used.")

    monkeypatch.setattr("apps.core.crypto.open_seal", unavailable)
    error = refusal(version.pk)
    assert error.code is Code.NOT_CONFIGURED
    assert "Mistral" in error.detail


def test_a_key_of_another_provider_does_not_open() -> None:
    one, other = ProviderFactory.with_key("sk-of-one"), ProviderFactory.with_key("sk-of-other")
    Provider.objects.filter(pk=one.pk).update(wrapped_key=other.wrapped_key, sealed_api_key=other.sealed_api_key)
    assert refusal(VersionFactory.create(provider=one).pk).code is Code.NOT_CONFIGURED


def test_the_key_is_not_in_the_database_in_clear() -> None:
    provider = Provider.objects.get(pk=ProviderFactory.with_key("sk-very-secret-key-1234").pk)
    assert provider.sealed_api_key
    assert b"secret" not in bytes(provider.sealed_api_key)
    assert provider.key_hint == "…1234"


def ended(version: ModelVersion, outcome: Outcome = Outcome.COMPLETED) -> Call:
    call = prepare_call(user=UserFactory.create(), target=str(version.pk), messages=HELLO, purpose="chat", reference="run-1")
    call.usage.started_at = timezone.now()
    call.usage.outcome = outcome
    call.usage.tokens_in, call.usage.tokens_out = 1000, 500
    call.usage.first_token_ms, call.usage.total_ms = 120, 900
    return call


def test_usage_is_written_with_the_price_of_the_moment() -> None:
    version = VersionFactory.create(price_in=Decimal("2.5"), price_out=Decimal(10))
    call = ended(version)
    version.price_out = Decimal(99)
    version.save()
    record_usage(call=call)
    entry = UsageEntry.objects.get(pk=call.id)
    assert entry.cost == Decimal("0.0075")
    assert (entry.price_in, entry.price_out) == (Decimal("2.5"), Decimal(10))
    assert (entry.user_id, entry.purpose, entry.reference) == (call.user_id, "chat", "run-1")
    assert (entry.outcome, entry.first_token_ms, entry.total_ms) == (Outcome.COMPLETED, 120, 900)


def test_a_call_is_recorded_once_and_one_that_never_began_not_at_all() -> None:
    version = VersionFactory.create()
    call = ended(version)
    record_usage(call=call)
    record_usage(call=call)
    record_usage(call=prepare(version.pk))
    assert UsageEntry.objects.count() == 1


def test_a_failure_to_record_leaves_the_callers_transaction_whole(caplog: pytest.LogCaptureFixture) -> None:
    call = ended(VersionFactory.create())
    call.usage.tokens_out = -1  # refused by the database
    with transaction.atomic():
        record_usage(call=call)
        written = VersionFactory.create()
    assert ModelVersion.objects.filter(pk=written.pk).exists()
    assert not UsageEntry.objects.exists()
    assert "was not recorded" in caplog.text


def test_a_ledger_entry_outlives_the_person() -> None:
    call = ended(VersionFactory.create())
    record_usage(call=call)
    UserFactory._meta.model.objects.filter(pk=call.user_id).delete()
    assert UsageEntry.objects.get().user_id is None


@pytest.mark.parametrize(
    "fields",
    [
        {"price_in": Decimal(-1)},
        {"status": "sleeping"},
        {"status": VersionStatus.RETIRED, "retires_on": None},
        {"status": VersionStatus.DEPRECATED, "deprecated_on": None},
        {"released_on": timezone.localdate(), "deprecated_on": timezone.localdate() - timedelta(days=1)},
        {"deprecated_on": timezone.localdate(), "retires_on": timezone.localdate() - timedelta(days=1)},
    ],
)
def test_the_database_refuses_what_makes_no_sense(fields: dict[str, object]) -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        VersionFactory.create(**fields)


def test_the_database_refuses_a_total_time_shorter_than_its_parts() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        ProviderFactory.create(first_timeout=60, total_timeout=30)


def test_a_call_costs_few_queries(django_assert_num_queries: object) -> None:
    AliasFactory.create(code="almia-standard", target=VersionFactory.create(provider=ProviderFactory.with_key("sk-1")))
    user = UserFactory.create()
    with django_assert_num_queries(2):  # type: ignore[operator]  # the alias with all behind it, the owner's key
        prepare_call(user=user, target="almia-standard", messages=HELLO, purpose="chat")
