"""Before and after a call to a model."""

from __future__ import annotations

import logging
import time
import uuid
from collections.abc import Iterable
from decimal import Decimal
from typing import TYPE_CHECKING

from django.conf import settings
from django.db import IntegrityError, transaction

from apps.core import sql
from apps.core.crypto import CryptoError
from apps.gateway.calls import Call, Endpoint, Message
from apps.gateway.enums import STANDARD_ALIAS, Outcome, VersionStatus
from apps.gateway.errors import Code, GatewayError
from apps.gateway.models import Alias, ModelVersion, Provider, UsageEntry
from apps.gateway.policies import can_use_previews, usable_statuses
from apps.gateway.provider_keys import read_key

from .adaptations import keep_learned
from .known import known

if TYPE_CHECKING:
    from apps.accounts.models import User

logger = logging.getLogger("almia.gateway")

MILLION = Decimal(1_000_000)


def _find_version(target: str) -> tuple[ModelVersion, str]:
    """Return the version that `target` (an alias code or a version's id) means, and the alias. Raises GatewayError."""
    versions = ModelVersion.objects.select_related("model", "provider")
    try:
        version_id = uuid.UUID(target)
    except ValueError:
        alias = Alias.objects.filter(code=target).select_related("target__model", "target__provider").first()
        if alias is None:
            # Nobody chose the standard model: if it is missing, there is nothing for them to put right.
            code = Code.NOT_CONFIGURED if target == STANDARD_ALIAS else Code.NO_MODEL
            raise GatewayError(code, detail=f"No alias {target!r}.") from None
        if alias.target is None:
            raise GatewayError(Code.NOT_CONFIGURED, detail=f"The alias {target} points to no version.") from None
        return alias.target, alias.code
    version = versions.filter(pk=version_id).first()
    if version is None:
        raise GatewayError(Code.NO_MODEL, detail=f"No version {target}.")
    return version, ""


def _look_up(target: str) -> tuple[ModelVersion, str, str]:
    """Return version, alias and the provider's key for `target`. Raises GatewayError."""
    now = time.monotonic()
    found = known.get(target)
    if found is not None and now - found[0] < settings.REGISTRY_SECONDS:
        return found[1:]
    version, alias = _find_version(target)
    try:
        api_key = read_key(version.provider)
    except CryptoError as error:
        detail = f"The key of {version.provider.name} cannot be read: {error}"
        raise GatewayError(Code.NOT_CONFIGURED, detail=detail) from error
    if len(known) > 256:  # targets come from clients: unknown ones never get here, but versions add up
        known.clear()
    known[target] = (now, version, alias, api_key)
    return version, alias, api_key


def _has_other(user: User | None) -> bool:
    """Whether there is any version in service that `user` may choose."""
    statuses = usable_statuses(user) if user is not None else [VersionStatus.ACTIVE.value, VersionStatus.DEPRECATED.value]
    return ModelVersion.objects.usable(statuses).exists()


def endpoint_of(provider: Provider, api_key: str) -> Endpoint:
    """Return what is needed to reach `provider`."""
    return Endpoint(
        base_url=provider.base_url,
        api_key=api_key,
        allow_plain_http=provider.allow_plain_http,
        reports_usage=provider.reports_usage,
        token_limit=provider.token_limit,
    )


def prepare_call(
    *,
    user: User | None,
    target: str,
    messages: Iterable[Message],
    purpose: str,
    reference: str = "",
    max_tokens: int | None = None,
) -> Call:
    """Return everything `streaming.stream` needs to make one call; at most three queries (a refusal may ask one more), nothing is
    written.

    `user`: on whose behalf (None: the system). `target`: an alias code or the id of a model version. `purpose`: what for, one
    word for the ledger (`chat`, `practice`). `reference`: what it belongs to, for the ledger. `max_tokens`: a lower limit on the
    answer than the version's own.
    Raises GatewayError: NO_MODEL (unknown, or a preview that `user` may not use: the same answer), MODEL_RETIRED, NOT_CONFIGURED
    (also instead of these if `user` could choose nothing else: the standard model, or no version in service).
    """
    version, alias, api_key = _look_up(target)
    if version.status == VersionStatus.PREVIEW and user is not None and not can_use_previews(user):
        code = Code.NOT_CONFIGURED if alias == STANDARD_ALIAS else Code.NO_MODEL
        raise GatewayError(code, detail="A preview, and no right to use previews.")
    if version.is_retired():
        code = Code.MODEL_RETIRED if _has_other(user) else Code.NOT_CONFIGURED
        raise GatewayError(code, detail=f"{version} is refused from {version.retires_on}.")
    provider = version.provider
    if not provider.enabled:
        raise GatewayError(Code.NOT_CONFIGURED, detail=f"The provider {provider.name} is not in use.")
    wanted = [limit for limit in (max_tokens, version.max_output_tokens) if limit]
    return Call(
        user_id=user.pk if user is not None else None,
        purpose=purpose,
        reference=reference,
        messages=tuple(messages),
        max_tokens=min(wanted, default=None),
        context_window=version.context_window,
        version_id=version.pk,
        alias=alias,
        model_name=version.model.name,
        version_label=version.label,
        upstream_name=version.upstream_name,
        price_in=version.price_in,
        price_out=version.price_out,
        currency=version.currency,
        endpoint=endpoint_of(provider, api_key),
        limits=provider.limits,
        adaptations={name: value for name, value, _since in version.adapted} if version.adaptations else {},
    )


def cost_of(call: Call) -> Decimal:
    """Return what the call's tokens cost at the prices copied into it."""
    used = call.usage
    return (used.tokens_in * call.price_in + used.tokens_out * call.price_out) / MILLION


def record_usage(*, call: Call) -> None:
    """Write the call into the ledger, in the caller's transaction if there is one. Never raises: the answer matters more.

    Does nothing for a call that never began, or that is already in the ledger. Stores what the provider was found to refuse
    (`keep_learned`). A failure to write is logged.
    """
    used = call.usage
    if used.outcome is Outcome.WAITING or used.started_at is None:
        return
    try:
        entry = UsageEntry(
            id=call.id,
            user_id=call.user_id,
            version_id=call.version_id,
            alias=call.alias,
            purpose=call.purpose,
            reference=call.reference,
            tokens_in=used.tokens_in,
            tokens_out=used.tokens_out,
            estimated=used.estimated,
            price_in=call.price_in,
            price_out=call.price_out,
            currency=call.currency,
            cost=cost_of(call),
            started_at=used.started_at,
            first_token_ms=used.first_token_ms,
            total_ms=used.total_ms,
            outcome=used.outcome,
            finish_reason=used.finish_reason[:32],
            error_code=used.error_code,
        )
        try:
            with transaction.atomic():  # a savepoint: a failure here must not break the caller's transaction
                sql.insert(entry)
        except IntegrityError:
            if not UsageEntry.objects.filter(pk=call.id).exists():
                raise
            # recorded before: the row stays as it was
        if used.learned:
            keep_learned(version_id=call.version_id, learned=used.learned)
    except Exception:
        logger.exception("The usage of call %s (%s %s) was not recorded.", call.id, call.purpose, call.reference)
