"""The staff pages, as a browser uses them."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from apps.core.ids import uuid7
from apps.core.models import AuditEntry
from apps.gateway.enums import STANDARD_ALIAS, Outcome, VersionStatus
from apps.gateway.models import Alias, Model, ModelVersion, Provider, UsageEntry
from apps.gateway.provider_keys import read_key
from apps.gateway.services import register_embedded
from bench.upstream import Running
from tests.factories.accounts import UserFactory
from tests.factories.gateway import AliasFactory, ProviderFactory, UsageFactory, VersionFactory

pytestmark = pytest.mark.django_db

PROVIDER = {
    "name": "Mistral",
    "base_url": "https://api.mistral.ai/v1",
    "api_key": "sk-very-secret-key-1234",
    "enabled": "on",
    "reports_usage": "on",
    "token_limit": "max_tokens",
    "first_timeout": "60",
    "idle_timeout": "30",
    "total_timeout": "600",
    "max_answer_kib": "16384",
}


@pytest.fixture
def staff(client: Client) -> Client:
    """A browser signed in as somebody who may manage models."""
    client.force_login(UserFactory.create(permissions=["gateway.manage_models"], language="en"))
    return client


def everything() -> list[str]:
    """Return the address of every page."""
    version = VersionFactory.create()
    return [
        reverse("gateway:models"),
        reverse("gateway:model", args=[version.model.pk]),
        reverse("gateway:new_version"),
        reverse("gateway:version", args=[version.pk]),
        reverse("gateway:version_status", args=[version.pk]),
        reverse("gateway:new_alias"),
        reverse("gateway:alias", args=[AliasFactory.create(target=version).code]),
        reverse("gateway:providers"),
        reverse("gateway:new_provider"),
        reverse("gateway:provider", args=[version.provider.pk]),
        reverse("gateway:usage"),
    ]


def test_every_page_is_for_those_who_may_manage_models(client: Client) -> None:
    pages = everything()
    assert {client.get(page).status_code for page in pages} == {302}
    client.force_login(UserFactory.create(permissions=["access.manage_access", "gateway.use_previews"]))
    assert {client.get(page).status_code for page in pages} == {403}
    assert {client.post(page).status_code for page in pages} <= {403, 405}
    test = reverse("gateway:test_provider", args=[Provider.objects.get().pk])
    assert client.post(test).status_code == 403
    client.force_login(UserFactory.create(permissions=["gateway.manage_models"]))
    assert {client.get(page).status_code for page in pages} == {200}
    assert client.get(test).status_code == 405


def test_the_first_alias_is_the_one_that_conversations_use(staff: Client) -> None:
    form = staff.get(reverse("gateway:new_alias")).context["form"]
    assert (form["code"].value(), form["label"].value()) == (STANDARD_ALIAS, "Almia standard")
    AliasFactory.create(code=STANDARD_ALIAS)
    form = staff.get(reverse("gateway:new_alias")).context["form"]
    assert (form["code"].value(), form["label"].value()) == (None, None)


@pytest.mark.parametrize("name", ["model", "version", "version_status", "provider"])
def test_what_is_not_there_is_not_found(staff: Client, name: str) -> None:
    assert staff.get(reverse(f"gateway:{name}", args=[uuid7()])).status_code == 404


def test_an_alias_that_is_not_there_is_not_found(staff: Client) -> None:
    assert staff.get(reverse("gateway:alias", args=["nothing"])).status_code == 404
    assert staff.post(reverse("gateway:test_provider", args=[uuid7()])).status_code == 404


def test_empty_pages_say_what_to_do(staff: Client) -> None:
    for name in ("models", "providers", "usage"):
        assert b"empty__title" in staff.get(reverse(f"gateway:{name}")).content


def test_a_provider_is_added_and_its_key_is_never_shown_again(staff: Client) -> None:
    response = staff.post(reverse("gateway:new_provider"), PROVIDER)
    provider = Provider.objects.get()
    assert response.headers["Location"] == reverse("gateway:provider", args=[provider.pk])
    assert read_key(provider) == PROVIDER["api_key"]
    for page in (reverse("gateway:provider", args=[provider.pk]), reverse("gateway:providers"), reverse("gateway:models")):
        assert "very-secret" not in staff.get(page).content.decode()
    changed = {**PROVIDER, "api_key": "", "name": "Mistral AI"}
    staff.post(reverse("gateway:provider", args=[provider.pk]), changed)
    provider.refresh_from_db()
    assert (provider.name, read_key(provider)) == ("Mistral AI", PROVIDER["api_key"])


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"base_url": "http://169.254.169.254/latest"}, "base_url"),
        ({"base_url": "http://gpu.intranet/v1"}, "base_url"),
        ({"base_url": "https://user:pass@api.example.com"}, "base_url"),
        ({"name": ""}, "name"),
        ({"name": "Taken"}, "name"),
        ({"first_timeout": "0"}, "first_timeout"),
        ({"first_timeout": "900"}, "first_timeout"),
        ({"total_timeout": "10"}, "idle_timeout"),
        ({"max_answer_kib": "99999999"}, "max_answer_kib"),
        ({"token_limit": "tokens"}, "token_limit"),
    ],
)
def test_bad_input_is_said_beside_its_field_and_kept(staff: Client, change: dict[str, str], field: str) -> None:
    ProviderFactory.create(name="Taken")
    response = staff.post(reverse("gateway:new_provider"), {**PROVIDER, **change})
    assert response.status_code == 422
    assert field in response.context["form"].errors
    page = response.content.decode()
    assert re.search(rf'id="id_{field}_error"', page)
    for name, value in change.items():
        if name != "token_limit":
            assert f'value="{value}"' in page or not value
    assert PROVIDER["api_key"] not in page
    assert Provider.objects.count() == 1


@pytest.mark.parametrize("key", ["sk-é", "sk-“quoted”", "sk-\u00a0", "sk-\nBearer"])
def test_a_key_that_cannot_be_sent_is_refused_when_it_is_typed(staff: Client, key: str) -> None:
    response = staff.post(reverse("gateway:new_provider"), {**PROVIDER, "api_key": f"{key}1234567890"})
    assert response.status_code == 422
    assert "Copy it again." in response.content.decode()
    assert not Provider.objects.exists()


def test_a_change_refused_leaves_the_page_of_the_stored_provider(staff: Client) -> None:
    provider = ProviderFactory.with_key("sk-1234567890123456", name="Stored")
    response = staff.post(reverse("gateway:provider", args=[provider.pk]), {**PROVIDER, "name": "", "api_key": ""})
    assert response.status_code == 422
    assert "<h1>Stored</h1>" in response.content.decode()


def test_the_embedded_models_page_offers_neither_address_nor_key(staff: Client) -> None:
    provider = register_embedded(base_url="http://127.0.0.1:1111/v1", api_key="its-own-key").provider
    page = reverse("gateway:provider", args=[provider.pk])
    shown = staff.get(page).content.decode()
    assert 'name="base_url"' not in shown
    assert 'name="api_key"' not in shown
    staff.post(page, {**PROVIDER, "name": "Small", "base_url": "https://evil.example/v1"})
    provider.refresh_from_db()
    assert (provider.name, provider.base_url, read_key(provider)) == ("Small", "http://127.0.0.1:1111/v1", "its-own-key")


VERSION = {
    "model_name": "Mistral Large",
    "publisher": "Mistral AI",
    "upstream_name": "mistral-large-2611",
    "label": "v3",
    "price_in": "2",
    "price_out": "6.5",
    "currency": "eur",
    "context_window": "128000",
    "max_output_tokens": "8000",
    "note_fr": "Pour le français",
    "note_en": "",
    "released_on": "",
}


def test_a_version_is_added_put_in_service_and_pointed_to(staff: Client) -> None:
    provider = ProviderFactory.create()
    staff.post(reverse("gateway:new_version"), {**VERSION, "provider": str(provider.pk)})
    version = ModelVersion.objects.get()
    assert (str(version), version.currency, version.status) == ("Mistral Large v3", "EUR", VersionStatus.PREVIEW)
    status = reverse("gateway:version_status", args=[version.pk])
    staff.post(status, {"status": "active", "reason": "The battery passed."})
    version.refresh_from_db()
    assert version.status == VersionStatus.ACTIVE
    alias = {"code": "almia-fast", "label": "Almia rapide", "order": "20", "target": str(version.pk), "reason": "Asked for"}
    staff.post(reverse("gateway:new_alias"), alias)
    assert Alias.objects.get().target == version
    refused = staff.post(status, {"status": "retired", "reason": "Enough"})
    assert refused.status_code == 422
    assert "Almia rapide" in refused.content.decode()
    assert set(AuditEntry.objects.order_by("pk").values_list("action", flat=True)) >= {
        "gateway.create_version",
        "gateway.change_status",
        "gateway.create_alias",
    }


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"label": "v1"}, "label"),
        ({"model_name": ""}, "model_name"),
        ({"price_in": "-1"}, "price_in"),
        ({"currency": "euros"}, "currency"),
        ({"currency": "1E$"}, "currency"),
        ({"max_output_tokens": "200000"}, "max_output_tokens"),
        ({"provider": str(uuid7())}, "provider"),
        ({"provider": "nonsense"}, "provider"),
    ],
)
def test_a_version_with_bad_input(staff: Client, change: dict[str, str], field: str) -> None:
    known = VersionFactory.create(label="v1")
    values = {**VERSION, "provider": str(known.provider.pk), "model_name": known.model.name, **change}
    response = staff.post(reverse("gateway:new_version"), values)
    assert response.status_code == 422
    assert field in response.context["form"].errors
    assert ModelVersion.objects.count() == 1
    assert Model.objects.count() == 1


def test_a_version_is_changed(staff: Client) -> None:
    version = VersionFactory.create()
    values = {**VERSION, "provider": str(version.provider.pk), "label": "v9"}
    assert staff.post(reverse("gateway:version", args=[version.pk]), values).status_code == 302
    version.refresh_from_db()
    assert (version.label, version.model.name) == ("v9", version.model.name)
    late = {**values, "released_on": (timezone.localdate() + timedelta(days=5)).isoformat()}
    ModelVersion.objects.update(deprecated_on=timezone.localdate(), released_on=None)
    assert "released_on" in staff.post(reverse("gateway:version", args=[version.pk]), late).context["form"].errors


def test_a_model_is_renamed_but_not_to_a_name_that_is_taken(staff: Client) -> None:
    one, other = VersionFactory.create().model, VersionFactory.create().model
    page = reverse("gateway:model", args=[one.pk])
    assert staff.post(page, {"name": other.name, "publisher": ""}).status_code == 422
    assert staff.post(page, {"name": "Plume Large", "publisher": "Alcyon"}).status_code == 302
    one.refresh_from_db()
    assert one.name == "Plume Large"


@pytest.mark.parametrize("code", ["Almia", "a b", "-x", "é", "x" * 51, "almia-standard"])
def test_an_alias_with_a_bad_code(staff: Client, code: str) -> None:
    version = AliasFactory.create(code="almia-standard").target
    values = {"code": code, "label": "X", "order": "1", "target": str(version.pk), "reason": "Because"}
    response = staff.post(reverse("gateway:new_alias"), values)
    assert response.status_code == 422
    assert "code" in response.context["form"].errors


def test_an_alias_offers_only_versions_that_answer(staff: Client) -> None:
    alias = AliasFactory.create()
    preview = VersionFactory.create(status=VersionStatus.PREVIEW)
    page = reverse("gateway:alias", args=[alias.code])
    assert str(preview.pk) not in staff.get(page).content.decode()
    values = {"label": "X", "order": "1", "target": str(preview.pk), "reason": "Because"}
    assert "target" in staff.post(page, values).context["form"].errors


@pytest.mark.parametrize("htmx", [True, False])
def test_the_test_button_makes_a_real_call(staff: Client, upstream: Running, htmx: bool) -> None:
    provider = ProviderFactory.create(base_url=upstream.base_url)
    version = VersionFactory.create(provider=provider, upstream_name="steady")
    headers: dict[str, Any] = {"HX-Request": "true"} if htmx else {}
    response = staff.post(reverse("gateway:test_provider", args=[provider.pk]), headers=headers)
    page = response.content.decode()
    assert response.status_code == 200
    assert ("<html" in page) is not htmx
    assert "steady answers" in page
    assert "0 1 2 3" in page
    assert "endless-empty" in page  # the provider's list
    entry = UsageEntry.objects.get()
    assert (entry.purpose, entry.version, entry.outcome) == ("test", version, Outcome.COMPLETED)


def test_a_provider_without_versions_is_tried_with_the_first_model_it_names(staff: Client, upstream: Running) -> None:
    provider = ProviderFactory.create(base_url=upstream.base_url)
    page = staff.post(reverse("gateway:test_provider", args=[provider.pk])).content.decode()
    assert "steady answers" in page
    assert not UsageEntry.objects.exists()


@pytest.mark.parametrize(
    ("model", "words"),
    [("401", "refuses the key"), ("404", "does not know the model"), ("429", "HTTP 429"), ("sign-in", "Not a stream")],
)
def test_the_test_says_what_is_wrong(staff: Client, upstream: Running, model: str, words: str) -> None:
    provider = ProviderFactory.with_key("sk-very-secret", base_url=upstream.base_url)
    VersionFactory.create(provider=provider, upstream_name=model)
    page = staff.post(reverse("gateway:test_provider", args=[provider.pk])).content.decode()
    assert words in page
    assert f"{model} does not answer" in page
    assert "very-secret" not in page
    assert UsageEntry.objects.get().outcome == Outcome.FAILED


def test_a_model_that_the_provider_does_not_name_is_pointed_out(staff: Client, upstream: Running) -> None:
    provider = ProviderFactory.create(base_url=upstream.base_url)
    VersionFactory.create(provider=provider, upstream_name="stedy")
    page = staff.post(reverse("gateway:test_provider", args=[provider.pk])).content.decode()
    assert "does not name “stedy”" in page


def test_nobody_at_the_address(staff: Client) -> None:
    provider = ProviderFactory.create(base_url="http://127.0.0.1:9/v1")
    page = staff.post(reverse("gateway:test_provider", args=[provider.pk])).content.decode()
    assert "The provider does not answer" in page


def test_the_figures(staff: Client) -> None:
    version = VersionFactory.create()
    UsageFactory.create_batch(3, version=version, tokens_in=1000)
    UsageFactory.create(version=version, outcome=Outcome.FAILED, first_token_ms=None, currency="USD")
    UsageFactory.create(version=version, started_at=timezone.now() - timedelta(days=20))
    for days, calls in ((7, 4), (30, 5), ("x", 5), (365, 5)):
        figures = staff.get(reverse("gateway:usage"), {"days": days}).context["figures"]
        assert figures.total.calls == calls
    figures = staff.get(reverse("gateway:usage"), {"days": 7}).context["figures"]
    assert (figures.total.failed, figures.total.tokens_in, len(figures.by_day)) == (1, 3100, 7)
    assert set(figures.total.costs) == {"EUR", "USD"}
    assert figures.by_version[0][1].first_token_ms == 120
    last = figures.bars[-1]
    assert (last.failed_height, last.good_height) == (30, 90)
    assert last.good_y + last.good_height == last.failed_y


@pytest.mark.parametrize("rows", [1, 3])
@pytest.mark.parametrize(("name", "queries"), [("models", 8), ("providers", 5), ("usage", 8)])
def test_queries_do_not_grow(staff: Client, rows: int, name: str, queries: int, django_assert_num_queries: Any) -> None:
    for _ in range(rows):
        version = AliasFactory.create().target
        VersionFactory.create(model=version.model, provider=version.provider)
        UsageFactory.create(version=version)
    page = reverse(f"gateway:{name}")
    staff.get(page)
    with django_assert_num_queries(queries):
        staff.get(page)
