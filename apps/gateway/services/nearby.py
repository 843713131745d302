"""Model servers that already run on this machine: the try-out offers to talk to them in one click."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from django.db import transaction
from django.utils.translation import gettext as _

from apps.gateway import clients
from apps.gateway.calls import Endpoint
from apps.gateway.enums import STANDARD_ALIAS, VersionStatus
from apps.gateway.errors import GatewayError
from apps.gateway.models import ModelVersion, Provider
from apps.gateway.queries import standard_alias

from .automatic import STANDARD_LABEL
from .calls import endpoint_of
from .registry import (
    RegistryError,
    change_alias,
    change_version_status,
    create_alias,
    create_provider,
    create_version,
)

if TYPE_CHECKING:
    from apps.accounts.models import User

# Where these servers listen by default.
PORTS = {"Ollama": 11434, "LM Studio": 1234, "llama.cpp": 8080, "vLLM": 8000}
ANSWERS_WITHIN = 1.5  # seconds: it is this machine
NOT_FOR_CHAT = ("embed", "rerank", "whisper", "clip")


@dataclass(frozen=True, slots=True)
class Nearby:
    """A model server on this machine. `models`: what it can chat with, by the names it accepts."""

    name: str
    base_url: str
    models: tuple[str, ...]


def servers_nearby() -> list[Nearby]:
    """Return the model servers that answer on this machine and that no provider leads to yet.

    Asks each port for its list of models: a second and a half at most. Anything that answers otherwise is not a model server.
    """
    known = {_place_of(address) for address in Provider.objects.values_list("base_url", flat=True)}
    wanted = {name: url for name, port in PORTS.items() if _place_of(url := f"http://127.0.0.1:{port}/v1") not in known}

    async def ask() -> list[tuple[str, ...]]:
        await clients.load_sdk()  # the first time it takes longer than a server on this machine may
        try:
            return await asyncio.gather(*(_models_at(endpoint_of(Provider(base_url=url), "")) for url in wanted.values()))
        finally:
            await clients.close_clients()

    # A loop of its own, in the request's thread: it opens its own connections and leaves none behind.
    found = zip(wanted.items(), asyncio.run(ask()), strict=True) if wanted else ()
    return [Nearby(name, url, models) for (name, url), models in found if models]


async def _models_at(endpoint: Endpoint) -> tuple[str, ...]:
    try:
        async with asyncio.timeout(ANSWERS_WITHIN):
            models = await clients.list_models(endpoint)
    except (GatewayError, TimeoutError):
        return ()
    return tuple(name for name in models if not any(word in name.lower() for word in NOT_FOR_CHAT))


def _place_of(url: str) -> tuple[str, int | None]:
    parts = urlsplit(url)
    host = "127.0.0.1" if parts.hostname in {"localhost", "::1"} else parts.hostname or ""
    return host, parts.port


@transaction.atomic
def connect_nearby(*, server: Nearby, model: str, actor: User) -> ModelVersion:
    """Create a provider for `server`, put its `model` into service and point the standard alias to it.

    The same writes and audit entries as doing it by hand. Raises RegistryError when the server does not have `model`.
    """
    if model not in server.models:
        raise RegistryError(_("%(server)s does not have this model any more.") % {"server": server.name}, field="model")
    reason = _("A model server of this machine, connected in one click.")
    taken = set(Provider.objects.values_list("name", flat=True))
    name = next(name for number in range(1, len(taken) + 2) if (name := _numbered(server.name, number)) not in taken)
    provider = create_provider(actor=actor, name=name, base_url=server.base_url, allow_plain_http=True, first_timeout=180)
    line = model[:80]
    labels = set(ModelVersion.objects.filter(model__name=line).values_list("label", flat=True))
    label = next(label for number in range(1, len(labels) + 2) if (label := f"v{number}") not in labels)
    version = create_version(model_name=line, publisher="", actor=actor, provider=provider, label=label, upstream_name=model)
    version = change_version_status(version=version, status=VersionStatus.ACTIVE, reason=reason, actor=actor)
    alias = standard_alias()
    if alias is None:
        create_alias(code=STANDARD_ALIAS, label=STANDARD_LABEL, order=10, target=version, reason=reason, actor=actor)
    else:
        change_alias(alias=alias, label=alias.label, order=alias.order, target=version, reason=reason, actor=actor)
    return version


def _numbered(name: str, number: int) -> str:
    return name if number == 1 else f"{name} {number}"
