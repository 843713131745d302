"""The content of a request: the messages as every server accepts them, without what this server has refused before."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from .calls import Call, Message
from .enums import Adaptation, TokenLimit

BETWEEN = "\n\n"  # between messages that become one


def build(call: Call, adaptations: Mapping[Adaptation, int]) -> bytes:
    """Return the body of the request for `call`. `adaptations`: what the server refuses, and the value it would accept."""
    messages = in_turn(call.messages)
    if Adaptation.NO_SYSTEM in adaptations:
        messages = without_system(messages)
    request: dict[str, Any] = {"model": call.upstream_name, "messages": messages}
    if Adaptation.NO_STREAM not in adaptations:
        request["stream"] = True
        if call.endpoint.reports_usage and Adaptation.NO_USAGE not in adaptations:
            request["stream_options"] = {"include_usage": True}
    limit = call.max_tokens
    if lower := adaptations.get(Adaptation.LOWER_LIMIT):
        limit = min(limit or lower, lower)
    if limit and Adaptation.NO_LIMIT not in adaptations:
        request[_name_of_limit(call.endpoint.token_limit, other=Adaptation.OTHER_LIMIT in adaptations)] = limit
    return msgspec.json.encode(request)


def _name_of_limit(usual: str, *, other: bool) -> str:
    if not other:
        return usual
    return next(name.value for name in TokenLimit if name.value != usual)


def in_turn(messages: Iterable[Message]) -> list[Message]:
    """Return `messages` as strict servers want them: instructions first and in one piece, then person and model alternating,
    beginning with the person, none of them empty. Two questions in a row, after an answer that failed, become one message."""
    system: list[str] = []
    turns: list[Message] = []
    for message in messages:
        content = message["content"]
        if not content.strip():
            continue
        if message["role"] == "system":
            system.append(content)
        elif turns and turns[-1]["role"] == message["role"]:
            turns[-1] = {"role": message["role"], "content": turns[-1]["content"] + BETWEEN + content}
        elif turns or message["role"] == "user":
            turns.append(message)
    return [{"role": "system", "content": BETWEEN.join(system)}, *turns] if system else turns


def without_system(messages: list[Message]) -> list[Message]:
    """Return `messages` with the instructions at the head of the person's first one."""
    if not messages or messages[0]["role"] != "system":
        return messages
    system, *turns = messages
    if not turns:
        return [{"role": "user", "content": system["content"]}]
    return [{"role": "user", "content": system["content"] + BETWEEN + turns[0]["content"]}, *turns[1:]]
