"""A call to a model: a snapshot that needs no database while it streams, and what it used."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TypedDict

from apps.core.ids import uuid7

from .enums import Adaptation, Outcome, TokenLimit

CHARACTERS_PER_TOKEN = 4
TOKENS_PER_MESSAGE = 4


class Message(TypedDict):
    """One message as chat completions take it. `role`: system, user or assistant."""

    role: str
    content: str


def estimate_tokens(characters: int) -> int:
    """Return about how many tokens so many characters are, for providers that do not say."""
    return -(-characters // CHARACTERS_PER_TOKEN)


def estimate_prompt(messages: Iterable[Message]) -> int:
    """Return about how many tokens the messages are, with what every chat template adds to each."""
    return sum(estimate_tokens(len(message["content"])) + TOKENS_PER_MESSAGE for message in messages)


def fits_header(api_key: str) -> bool:
    """Whether a key can be sent at all: one that was copied with a typographic character or a line break cannot."""
    return api_key.isascii() and api_key.isprintable()


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Where and how to reach a provider. Two equal endpoints may share connections."""

    base_url: str
    api_key: str = field(repr=False)
    allow_plain_http: bool = False
    reports_usage: bool = True
    token_limit: str = TokenLimit.MAX_TOKENS.value


@dataclass(frozen=True, slots=True)
class Limits:
    """When a call is given up. Seconds; `size` limits the bytes the provider may send for one answer."""

    first: float = 60
    idle: float = 30
    total: float = 600
    size: int = 16 * 1024 * 1024


@dataclass(slots=True)
class Usage:
    """What a call used. `stream` fills it in, however the call ends."""

    tokens_in: int = 0
    tokens_out: int = 0
    estimated: bool = True
    started_at: datetime | None = None
    first_token_ms: int | None = None
    total_ms: int | None = None
    outcome: Outcome = Outcome.WAITING
    finish_reason: str = ""
    error_code: str = ""
    learned: dict[Adaptation, int] = field(default_factory=dict)  # what this call found the provider to refuse


@dataclass(frozen=True, slots=True)
class Call:
    """One call, ready to be streamed: everything is copied here, so that no database is needed until its usage is recorded.

    `version_id` may be stored as a foreign key; `alias` is empty if a version was named directly.
    """

    user_id: uuid.UUID | None
    purpose: str
    reference: str
    messages: tuple[Message, ...] = field(repr=False)
    max_tokens: int | None
    context_window: int | None
    version_id: uuid.UUID
    alias: str
    model_name: str
    version_label: str
    upstream_name: str
    price_in: Decimal
    price_out: Decimal
    currency: str
    endpoint: Endpoint
    limits: Limits
    adaptations: Mapping[Adaptation, int] = field(default_factory=dict)
    id: uuid.UUID = field(default_factory=uuid7)
    usage: Usage = field(default_factory=Usage)

    @property
    def label(self) -> str:
        """The model and its version, as an answer names them."""
        return f"{self.model_name} {self.version_label}".strip()
