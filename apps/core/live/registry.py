"""The commands that apps declare, and the gate that `access` sets."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import msgspec

from apps.core.refusals import Refusal

from .errors import LiveError

if TYPE_CHECKING:
    from apps.core.person import Person

    from .connection import Connection


@dataclass(frozen=True, slots=True)
class Reply:
    """A command's answer: the frame to send back, and what continues after it.

    `then` is spawned once the frame is sent. With `key`, it counts as something the command *opened*: opening the same key again
    replaces it, and losing the command's capability closes it.
    """

    frame: dict[str, Any]
    then: Callable[[Connection], Awaitable[None]] | None = None
    key: str | None = None


Handler = Callable[[Any, Any], Reply]  # takes the person and the frame, as the command types them


@dataclass(frozen=True, slots=True)
class Command:
    name: str
    frame: type[msgspec.Struct]
    capability: str | None
    handler: Handler


_commands: dict[str, Command] = {}
_more: list[Callable[[Any, Refusal], dict[str, Any]]] = []
_gate: Callable[[Any, str], LiveError | None] | None = None


def command(type_: str, *, frame: type[msgspec.Struct], capability: str | None) -> Callable[[Handler], Handler]:
    """Declare the synchronous function that answers frames of `type_`.

    `frame`: the other fields of the frame; a frame that does not fit is refused before the handler sees it.
    `capability`: what the person must be entitled to at that moment; None if being signed in is enough.
    """

    def register(handler: Handler) -> Handler:
        if type_ in _commands:
            raise ValueError(f"Command {type_} is declared twice.")
        _commands[type_] = Command(type_, frame, capability, handler)
        return handler

    return register


def find(type_: str) -> Command | None:
    return _commands.get(type_)


def all_commands() -> list[Command]:
    return sorted(_commands.values(), key=lambda command: command.name)


def set_gate(gate: Callable[[Any, str], LiveError | None]) -> None:
    """Set who decides about capabilities (`access` does). The gate returns the refusal, or None to let the person pass."""
    global _gate
    _gate = gate


def tell_more(about: Callable[[Any, Refusal], dict[str, Any]]) -> None:
    """Have `about` add fields to the frame of every refusal: for example where the person can put it right."""
    _more.append(about)


def refused(user: Person, refusal: Refusal) -> LiveError:
    """Return `refusal` as an error frame."""
    details = {name: value for about in _more for name, value in about(user, refusal).items()}
    if refusal.field:
        details["field"] = refusal.field
    return LiveError(refusal.code, str(refusal), **details)


def refusal(user: Person, capability: str | None) -> LiveError | None:
    """Ask the gate. Without a gate every capability is refused."""
    if capability is None:
        return None
    if _gate is None:
        return LiveError("forbidden", "No gate is set.")
    return _gate(user, capability)
