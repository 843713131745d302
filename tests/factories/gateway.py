from __future__ import annotations

from decimal import Decimal
from typing import Any

import factory
from django.utils import timezone

from apps.core.ids import uuid7
from apps.gateway.calls import Call, Endpoint, Limits
from apps.gateway.enums import Outcome, VersionStatus
from apps.gateway.models import Alias, Model, ModelVersion, Provider, UsageEntry
from apps.gateway.provider_keys import put_key


class ProviderFactory(factory.django.DjangoModelFactory[Provider]):
    """A provider without a key; `with_key("…")` creates one with a key."""

    class Meta:
        model = Provider

    name = factory.Sequence(lambda n: f"Provider {n}")
    base_url = "https://models.alcyon.example/v1"

    @classmethod
    def with_key(cls, api_key: str, **fields: Any) -> Provider:
        """Store a provider and its key, encrypted."""
        provider: Provider = cls.build(**fields)
        put_key(provider, api_key)
        provider.save(force_insert=True)
        return provider


class ModelFactory(factory.django.DjangoModelFactory[Model]):
    class Meta:
        model = Model

    name = factory.Sequence(lambda n: f"Plume {n}")
    publisher = "Alcyon"


class VersionFactory(factory.django.DjangoModelFactory[ModelVersion]):
    """A version in service."""

    class Meta:
        model = ModelVersion

    model = factory.SubFactory(ModelFactory)
    provider = factory.SubFactory(ProviderFactory)
    label = factory.Sequence(lambda n: f"v{n}")
    upstream_name = factory.Sequence(lambda n: f"plume-{n}")
    status = VersionStatus.ACTIVE
    released_on = factory.LazyFunction(timezone.localdate)
    price_in = Decimal("2.5")
    price_out = Decimal("10")


class AliasFactory(factory.django.DjangoModelFactory[Alias]):
    class Meta:
        model = Alias

    code = factory.Sequence(lambda n: f"alias-{n}")
    label = factory.Sequence(lambda n: f"Alias {n}")
    target = factory.SubFactory(VersionFactory)


class UsageFactory(factory.django.DjangoModelFactory[UsageEntry]):
    class Meta:
        model = UsageEntry

    id = factory.LazyFunction(uuid7)
    version = factory.SubFactory(VersionFactory)
    purpose = "chat"
    tokens_in = 100
    tokens_out = 50
    estimated = False
    price_in = Decimal("2.5")
    price_out = Decimal("10")
    currency = "EUR"
    cost = Decimal("0.00075")
    started_at = factory.LazyFunction(timezone.now)
    first_token_ms = 120
    total_ms = 900
    outcome = Outcome.COMPLETED


def make_call(base_url: str, model: str = "steady", *, limits: Limits | None = None, **fields: Any) -> Call:
    """Return a call that needs no database. Fields of `Endpoint` and of `Call` may be given by name."""
    endpoint = {name: fields.pop(name) for name in ("api_key", "reports_usage", "token_limit") if name in fields}
    values: dict[str, Any] = {
        "user_id": None,
        "purpose": "test",
        "reference": "",
        "messages": ({"role": "user", "content": "Count, please."},),
        "max_tokens": None,
        "context_window": None,
        "version_id": uuid7(),
        "alias": "",
        "model_name": "Plume",
        "version_label": "v1",
        "upstream_name": model,
        "price_in": Decimal(1),
        "price_out": Decimal(2),
        "currency": "EUR",
        **fields,
    }
    return Call(endpoint=Endpoint(base_url=base_url, **{"api_key": "sk-test", **endpoint}), limits=limits or Limits(), **values)
