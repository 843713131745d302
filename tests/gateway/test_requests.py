"""What requests contain: what strict servers want from the start, and not what one server has refused before."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from apps.core.models import AuditEntry
from apps.gateway.calls import Message
from apps.gateway.enums import Adaptation
from apps.gateway.errors import Code
from apps.gateway.models import ModelVersion
from apps.gateway.requests import in_turn, without_system
from apps.gateway.services import change_provider, change_version, forget_adaptations, prepare_call, probe_provider, record_usage
from apps.gateway.services.adaptations import keep_learned
from apps.gateway.services.known import forget_registry
from apps.gateway.services.probes import names_it
from bench.upstream import Running
from tests.factories.accounts import UserFactory
from tests.factories.gateway import ProviderFactory, VersionFactory, make_call
from tests.gateway.test_streaming import THREE, fail, read, seen

pytestmark = pytest.mark.usefixtures("clients")
SYSTEM: Message = {"role": "system", "content": "Be brief."}
ASKED: tuple[Message, ...] = (SYSTEM, {"role": "user", "content": "Count, please."})


def said(*turns: str) -> list[Message]:
    """Return messages from "u: text", "a: text", "s: text"."""
    roles = {"u": "user", "a": "assistant", "s": "system"}
    return [{"role": roles[turn[0]], "content": turn[3:]} for turn in turns]


@pytest.mark.parametrize(
    ("messages", "wanted"),
    [
        (["s: S", "u: 1", "a: 2", "u: 3"], ["s: S", "u: 1", "a: 2", "u: 3"]),
        (["u: 1", "u: 2"], ["u: 1\n\n2"]),  # an answer failed in between
        (["s: S", "u: 1", "u: 2", "a: 3", "a: 4", "u: 5"], ["s: S", "u: 1\n\n2", "a: 3\n\n4", "u: 5"]),
        (["s: S", "a: 1", "u: 2"], ["s: S", "u: 2"]),
        (["u: 1", "s: S", "u: 2", "s: T"], ["s: S\n\nT", "u: 1\n\n2"]),
        (["u: 1", "a:  ", "u: 2"], ["u: 1\n\n2"]),
        (["u:  "], []),
        ([], []),
    ],
)
def test_messages_take_turns(messages: list[str], wanted: list[str]) -> None:
    assert in_turn(said(*messages)) == said(*wanted)


@pytest.mark.parametrize(
    ("messages", "wanted"),
    [
        (["s: S", "u: 1", "a: 2"], ["u: S\n\n1", "a: 2"]),
        (["s: S"], ["u: S"]),
        (["u: 1"], ["u: 1"]),
        ([], []),
    ],
)
def test_instructions_stand_at_the_head_of_the_first_message(messages: list[str], wanted: list[str]) -> None:
    assert without_system(said(*messages)) == said(*wanted)


@pytest.mark.parametrize(
    ("model", "learned", "sent"),
    [
        ("no-usage-option", {Adaptation.NO_USAGE: 0}, {"stream_options": None}),
        ("no-system", {Adaptation.NO_SYSTEM: 0}, {"messages": [{"role": "user", "content": "Be brief.\n\nCount, please."}]}),
        ("late-refusal", {Adaptation.NO_SYSTEM: 0}, {"messages": [{"role": "user", "content": "Be brief.\n\nCount, please."}]}),
        ("no-stream", {Adaptation.NO_STREAM: 0}, {"stream": None, "stream_options": None}),
        ("other-limit", {Adaptation.OTHER_LIMIT: 0}, {"max_tokens": None, "max_completion_tokens": 9}),
        ("no-limit", {Adaptation.NO_LIMIT: 0}, {"max_tokens": None, "max_completion_tokens": None}),
        ("lower-limit", {Adaptation.LOWER_LIMIT: 4}, {"max_tokens": 4}),
        (
            "nothing-but-words",
            {Adaptation.NO_USAGE: 0, Adaptation.NO_SYSTEM: 0, Adaptation.OTHER_LIMIT: 0, Adaptation.NO_STREAM: 0},
            {"stream": None, "stream_options": None, "max_completion_tokens": 9},
        ),
    ],
)
async def test_what_a_server_refuses_is_left_out_and_learned(
    upstream: Running, model: str, learned: dict[Adaptation, int], sent: dict[str, Any]
) -> None:
    call = make_call(upstream.base_url, model, messages=ASKED, max_tokens=9)
    assert await read(call) == THREE
    assert call.usage.learned == learned
    request = (await seen(upstream))["request"]
    assert {name: request.get(name) for name in sent} == sent
    before = (await asyncio.to_thread(upstream.stats))["requests"]
    again = make_call(upstream.base_url, model, messages=ASKED, max_tokens=9, adaptations=learned)
    assert await read(again) == THREE
    assert again.usage.learned == {}
    assert (await asyncio.to_thread(upstream.stats))["requests"] == before + 1, "It is not asked for again."


async def test_a_limit_without_room_beside_this_prompt_is_left_out_this_time_only(upstream: Running) -> None:
    call = make_call(upstream.base_url, "no-room", messages=ASKED, max_tokens=4000)
    assert await read(call) == THREE
    assert call.usage.learned == {}


async def test_two_questions_in_a_row_are_one_to_a_server_that_wants_turns(upstream: Running) -> None:
    call = make_call(upstream.base_url, "in-turn", messages=tuple(said("s: S", "u: 1", "u: 2")))
    assert await read(call) == THREE
    assert call.usage.learned == {}


@pytest.mark.parametrize("reports_usage", [True, False])
async def test_a_server_that_is_never_satisfied_is_not_asked_for_ever(upstream: Running, reports_usage: bool) -> None:
    before = (await asyncio.to_thread(upstream.stats))["requests"]
    call = make_call(upstream.base_url, "never-satisfied", reports_usage=reports_usage)
    error, _ = await fail(call)
    assert (error.code, error.permanent) == (Code.PROVIDER_ERROR, True)
    assert call.usage.learned == {}
    assert (await asyncio.to_thread(upstream.stats))["requests"] - before == (2 if reports_usage else 1)


# What was learned is kept, shown and forgotten ----------------------------------------------------------------------------
@pytest.fixture
def version() -> ModelVersion:
    forget_registry()
    found: ModelVersion = VersionFactory.create()
    return found


@pytest.mark.django_db
def test_what_a_call_learned_counts_from_the_next_one(
    version: ModelVersion, django_capture_on_commit_callbacks: Any, upstream: Running
) -> None:
    call = prepare_call(user=None, target=str(version.pk), messages=ASKED, purpose="test")
    assert call.adaptations == {}
    heard = make_call(upstream.base_url, "no-system", messages=ASKED, version_id=version.pk)
    asyncio.run(_read_and_close(heard))
    with django_capture_on_commit_callbacks(execute=True):
        record_usage(call=heard)
    assert prepare_call(user=None, target=str(version.pk), messages=ASKED, purpose="test").adaptations == {
        Adaptation.NO_SYSTEM: 0
    }
    entry = AuditEntry.objects.get(action="gateway.adapt_version")
    assert entry.details == {"learned": {"no_system": 0}}


async def _read_and_close(call: Any) -> None:
    from apps.gateway import clients

    await read(call)
    await clients.close_clients()


@pytest.mark.django_db
def test_what_was_learned_before_is_no_news(version: ModelVersion) -> None:
    for _ in range(2):
        keep_learned(version_id=version.pk, learned={Adaptation.LOWER_LIMIT: 4096})
    assert AuditEntry.objects.filter(action="gateway.adapt_version").count() == 1
    keep_learned(version_id=version.pk, learned={Adaptation.LOWER_LIMIT: 2048})
    version.refresh_from_db()
    assert [(name, value) for name, value, _since in version.adapted] == [(Adaptation.LOWER_LIMIT, 2048)]
    assert AuditEntry.objects.filter(action="gateway.adapt_version").count() == 2


@pytest.mark.django_db
def test_failing_to_keep_it_fails_no_answer(monkeypatch: pytest.MonkeyPatch, version: ModelVersion, upstream: Running) -> None:
    heard = make_call(upstream.base_url, "no-system", messages=ASKED, version_id=version.pk)
    asyncio.run(_read_and_close(heard))
    heard.usage.learned = {"nonsense": object()}  # type: ignore[dict-item]
    record_usage(call=heard)
    version.refresh_from_db()
    assert version.adaptations == {}


@pytest.mark.django_db
def test_what_a_later_release_learned_is_passed_over(version: ModelVersion) -> None:
    version.adaptations = {"no_paragraphs": {"value": 0, "since": "2027-01-01"}, "no_usage": {"value": 0, "since": "2026-11-26"}}
    version.save()
    forget_registry()
    call = prepare_call(user=None, target=str(version.pk), messages=ASKED, purpose="test")
    assert call.adaptations == {Adaptation.NO_USAGE: 0}


@pytest.mark.django_db
@pytest.mark.parametrize("change", ["name", "address", "limit", "label"])
def test_another_server_or_model_begins_anew(version: ModelVersion, change: str) -> None:
    staff = UserFactory.create()
    keep_learned(version_id=version.pk, learned={Adaptation.NO_SYSTEM: 0})
    if change == "address":
        change_provider(provider=version.provider, actor=staff, base_url="https://other.alcyon.example/v1")
    elif change == "limit":
        change_provider(provider=version.provider, actor=staff, token_limit="max_completion_tokens")
    elif change == "name":
        change_version(version=version, actor=staff, upstream_name="another")
    else:
        change_version(version=version, actor=staff, label="other")
    version.refresh_from_db()
    assert bool(version.adaptations) is (change == "label")


@pytest.mark.django_db
def test_staff_see_what_is_left_out_and_have_it_asked_for_again(version: ModelVersion) -> None:
    client = Client(headers={"accept-language": "en"})
    client.force_login(UserFactory.create(permissions=["gateway.manage_models"]))
    address = reverse("gateway:version", args=[version.pk])
    assert "What its provider refuses" not in client.get(address).content.decode()
    keep_learned(version_id=version.pk, learned={Adaptation.LOWER_LIMIT: 4096, Adaptation.NO_SYSTEM: 0})
    page = client.get(address).content.decode()
    assert "What its provider refuses" in page
    assert "At most 4096 tokens" in page
    assert "adapted" in client.get(reverse("gateway:models")).content.decode()
    client.post(reverse("gateway:forget_adaptations", args=[version.pk]))
    version.refresh_from_db()
    assert version.adaptations == {}
    assert AuditEntry.objects.get(action="gateway.forget_adaptations").details == {"forgotten": ["lower_limit", "no_system"]}
    forget_adaptations(version=version, actor=UserFactory.create())
    assert AuditEntry.objects.filter(action="gateway.forget_adaptations").count() == 1


# Azure's classic interface ---------------------------------------------------------------------------------------------------
async def test_a_deployment_of_azure_is_reached_as_it_wants(upstream: Running) -> None:
    address = f"{upstream.address}/openai/deployments/gpt/chat/completions?api-version=2024-06-01"
    assert await read(make_call(address, api_key="sk-42"))
    request = await seen(upstream)
    assert request["path"] == "/openai/deployments/gpt/chat/completions?api-version=2024-06-01"
    assert request["headers"]["api-key"] == "sk-42"
    assert "authorization" not in request["headers"]


@pytest.mark.django_db
def test_a_deployment_of_azure_is_tested_before_it_has_a_version(upstream: Running) -> None:
    provider = ProviderFactory.create(base_url=f"{upstream.address}/openai/deployments/steady?api-version=2024-06-01")
    probe = probe_provider(provider=provider, actor=UserFactory.create())
    assert (probe.ok, probe.asked, probe.models) == (True, "steady", ("steady",)), probe.detail


@pytest.mark.django_db
def test_the_address_of_a_provider_keeps_its_version(upstream: Running) -> None:
    provider = ProviderFactory.create(base_url="https://alcyon.openai.azure.com/openai/v1")
    changed = change_provider(
        provider=provider,
        actor=UserFactory.create(),
        base_url="https://alcyon.openai.azure.com/openai/deployments/gpt/chat/completions?api-version=2024-06-01",
    )
    assert changed.base_url == "https://alcyon.openai.azure.com/openai/deployments/gpt?api-version=2024-06-01"


@pytest.mark.parametrize(
    ("listed", "name", "named"),
    [
        ("gemini-2.5-pro", "models/gemini-2.5-pro", True),
        ("llama3:latest", "llama3", True),
        ("gpt-4o", "gpt-4o", True),
        ("llama3:8b", "llama3", False),
        ("gpt-4o-mini", "gpt-4o", False),
    ],
)
def test_a_model_is_named_as_the_provider_takes_it(listed: str, name: str, named: bool) -> None:
    assert names_it((listed,), name) is named
