"""“Test this connection”: one real call, as small as possible."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from apps.core.crypto import CryptoError
from apps.gateway import clients, streaming
from apps.gateway.calls import Call, Limits
from apps.gateway.enums import VersionStatus
from apps.gateway.errors import Code, GatewayError
from apps.gateway.models import ModelVersion, Provider
from apps.gateway.provider_keys import read_key

from .calls import endpoint_of, record_usage

if TYPE_CHECKING:
    from apps.accounts.models import User

LIMITS = Limits(first=20, idle=10, total=25, size=256 * 1024)
TOKENS = 16
QUESTION = "Answer with one word: ready."
TEXT_SHOWN = 200


@dataclass(frozen=True, slots=True)
class Probe:
    """What a test of a provider found.

    `models`: what the provider says it serves (None: it does not say). `asked`: the model that was called, empty when none is
    known. `missing`: it is not among `models`. `error`, `detail`: the sentence and the technical reason when a call failed.
    """

    ok: bool
    asked: str = ""
    text: str = ""
    first_token_ms: int | None = None
    total_ms: int | None = None
    error: str = ""
    detail: str = ""
    models: tuple[str, ...] | None = None
    missing: bool = False


def _version_to_try(provider: Provider) -> ModelVersion | None:
    """Return the version of `provider` that people are most likely to use."""
    versions = [
        version for version in provider.versions.select_related("model").order_by("-created_at") if not version.is_retired()
    ]
    serving = [version for version in versions if version.status == VersionStatus.ACTIVE]
    return next(iter(serving or versions), None)


def names_it(models: tuple[str, ...], name: str) -> bool:
    """Whether `name` is among the provider's models, in any form it accepts: Gemini's with or without prefix, Ollama's without
    the usual tag."""
    return not {name, name.removeprefix("models/"), f"{name}:latest"}.isdisjoint(models)


def probe_provider(*, provider: Provider, actor: User) -> Probe:
    """Ask the provider which models it serves and have one of them answer: the version in service, else the first it names.

    Takes half a minute at most. It costs what any call costs: it goes into the ledger, under `actor` and the purpose `test`,
    if a version is known. Never raises, whatever the provider does.
    """
    version = _version_to_try(provider)
    try:
        endpoint = endpoint_of(provider, read_key(provider))
    except CryptoError as error:
        return Probe(ok=False, error=str(error), detail=type(error).__name__)

    def call_for(name: str) -> Call:
        return Call(
            user_id=actor.pk,
            purpose="test",
            reference=str(provider.pk),
            messages=({"role": "user", "content": QUESTION},),
            max_tokens=TOKENS,
            context_window=None,
            version_id=version.pk if version else uuid.UUID(int=0),
            alias="",
            model_name=version.model.name if version else name,
            version_label=version.label if version else "",
            upstream_name=name,
            price_in=version.price_in if version else Decimal(0),
            price_out=version.price_out if version else Decimal(0),
            currency=version.currency if version else "EUR",
            endpoint=endpoint,
            limits=LIMITS,
        )

    async def ask() -> tuple[Probe, Call | None]:
        try:
            models: tuple[str, ...] | None = None
            try:
                models = await clients.list_models(endpoint)
            except GatewayError as error:
                if version is None:
                    return Probe(ok=False, error=str(error), detail=error.detail), None
            name = version.upstream_name if version else next(iter(models or ()), "")
            if not name:
                return Probe(ok=True, models=models), None
            missing = bool(models) and not names_it(models or (), name)
            call = call_for(name)
            try:
                text = "".join([text async for text in streaming.stream(call)])
            except GatewayError as error:
                if error.code is Code.EMPTY_ANSWER and call.usage.finish_reason == "length":
                    # A model that thinks first has used up its few tokens on that: what is tested here is the connection.
                    return Probe(ok=True, asked=name, total_ms=call.usage.total_ms, models=models, missing=missing), call
                return Probe(ok=False, asked=name, error=str(error), detail=error.detail, models=models, missing=missing), call
            used = call.usage
            probe = Probe(
                ok=True,
                asked=name,
                text=text.strip()[:TEXT_SHOWN],
                first_token_ms=used.first_token_ms,
                total_ms=used.total_ms,
                models=models,
                missing=missing,
            )
            return probe, call
        finally:
            await clients.close_clients()

    # A loop of its own, in the request's thread: the test opens its own connections and leaves none behind.
    probe, call = asyncio.run(ask())
    if call is not None and version is not None:
        record_usage(call=call)
    return probe
