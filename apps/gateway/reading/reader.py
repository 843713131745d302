from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from apps.gateway.calls import Usage, estimate_tokens
from apps.gateway.errors import Code, GatewayError
from apps.gateway.failures import in_stream

from .letters import Letters
from .packets import UNREADABLE, Choice, Delta, Packet, as_object, decode, packet_of, read_loosely, text_of, tokens
from .thinking import Thinking

DETAIL_CHARACTERS = 200

# Why a model stopped, as servers word it; any other word is an ordinary end.
_AT_THE_LIMIT = {"length", "max_tokens", "max_output_tokens", "model_length"}
_FILTERED = {"content_filter", "safety", "recitation", "prohibited_content", "blocklist", "spii", "refusal", "sensitive"}
_BROKEN = {"error", "abort", "aborted", "cancelled", "network_error", "insufficient_system_resource", "malformed_function_call"}


class Reader:
    """Takes in events and keeps what they add up to."""

    __slots__ = (
        "_asked_for_tool",
        "_in_messages",
        "_letters",
        "_odd",
        "_thinking",
        "characters",
        "deltas",
        "done",
        "failure",
        "finish_reason",
        "progress",
        "tokens_in",
        "tokens_out",
        "trusted",
        "wrote",
    )

    def __init__(self) -> None:
        self.done = False
        self.failure: GatewayError | None = None
        self.progress = False  # whether the last events brought anything, even thinking that is not shown
        self.wrote = False  # anything but white space
        self.finish_reason = ""
        self.trusted = True  # some servers give a finish reason with every word: theirs means nothing
        self.deltas = 0
        self.characters = 0
        self.tokens_in: int | None = None
        self.tokens_out: int | None = None
        self._thinking = Thinking()
        self._letters = Letters()
        self._odd = ""  # what was skipped last, for staff
        self._asked_for_tool = False
        self._in_messages = False  # the text does not come in deltas

    def take(self, events: Iterable[bytes], *, last: bool = False) -> str:
        """Return the text that the events add. What stops the answer is stored as `failure`: the text before it is good.

        `last`: these are what the end of the body cut off; what cannot be read of them is ignored.
        """
        texts: list[str] = []
        self.progress = False
        for data in events:
            if data == b"[DONE]":
                self.done = True
                break
            try:
                packet = decode(data)
            except UNREADABLE:
                texts.append(self._take_loosely(data, last=last))
            else:
                if packet.choices is None and packet.error is None:
                    self._look_at(data)
                texts.append(self._add(packet))
            if self.failure is not None or self.done:
                break
        return "".join(texts)

    def _take_loosely(self, data: bytes, *, last: bool) -> str:
        documents = read_loosely(data)
        if documents is None:
            if not last and not self.complete:
                self.failure = GatewayError(Code.BAD_ANSWER, detail=f"An event cannot be read: {self._words(data)}")
            return ""
        if not documents:
            self._odd = self._words(data)
            self.done = self._odd.strip("\"' ").upper() == "[DONE]"
        texts = []
        for document in documents:
            packet = packet_of(document)
            if packet.choices is None and packet.error is None:
                self._look_at(data, document)
            texts.append(self._add(packet, loosely=True))
        return "".join(texts)

    def _look_at(self, data: bytes, document: dict[str, Any] | None = None) -> None:
        """Take note of an event that is not part of an answer; some of them say that there is none."""
        if document is None:
            document = next(iter(read_loosely(data) or []), {})
        if "error" in [document.get(name) for name in ("object", "type", "status")] and not self.complete:
            self.failure = in_stream(document)
        elif not document.get("usage"):
            self._odd = self._words(data)

    @staticmethod
    def _words(data: bytes) -> str:
        return " ".join(data[: 4 * DETAIL_CHARACTERS].decode(errors="replace").split())[:DETAIL_CHARACTERS]

    def _add(self, packet: Packet, *, loosely: bool = False) -> str:
        """Return the text that a packet adds."""
        if packet.error and not self.complete:
            self.failure = in_stream(packet.error)
            return ""
        if packet.usage is not None:
            self._count(as_object(packet.usage))
        if not packet.choices:
            return ""
        choice = packet.choices[0]
        delta = choice.delta
        content, hidden = "", 0
        if delta is not None:
            content = delta.content
            if type(content) is not str or not content:  # almost never
                content, hidden = self._read(delta)
        if not content and (choice.message is not None or choice.text is not None):
            content, hidden = self._read_whole(choice)
        reason = choice.finish_reason
        text = ""
        if content or hidden:
            self.progress = True
            self.deltas += 1
            self.characters += len(content) + hidden
            if self.finish_reason and content:
                self.trusted = False
            text = self._letters.mend(content) if loosely or self._letters.half else content
            if not self._thinking.past:
                text = self._thinking.take(text)
            if text and not self.wrote:
                self.wrote = not text.isspace()
        if reason and isinstance(reason, str):
            self.finish_reason = "length" if reason.lower() in _AT_THE_LIMIT else reason
        return text

    def _read(self, delta: Delta) -> tuple[str, int]:
        """Return the text of `delta`, and how many characters of thinking it contains."""
        content = delta.content
        thinking = delta.reasoning_content or delta.reasoning
        text = text_of(content) or text_of(delta.refusal)
        if not text and not thinking and isinstance(content, list | dict):
            thinking = content
        if delta.tool_calls:
            self._asked_for_tool = True
        return text, len(thinking if isinstance(thinking, str) else str(thinking)) if thinking else 0

    def _read_whole(self, choice: Choice) -> tuple[str, int]:
        """Like `_read`, for a choice with a message instead of a delta; one that repeats the answer at the end adds nothing."""
        content, hidden = self._read(choice.message) if choice.message is not None else ("", 0)
        content = content or text_of(choice.text)
        at_the_end = self.deltas > 1 and bool(choice.finish_reason) and len(content) >= self.characters
        if self.wrote and (at_the_end or not self._in_messages):
            return "", 0
        self._in_messages = True
        return content, hidden

    def _count(self, usage: dict[str, Any]) -> None:
        self.tokens_in = tokens(usage, "prompt_tokens", "input_tokens")
        self.tokens_out = tokens(usage, "completion_tokens", "output_tokens")

    def rest(self) -> str:
        """Return the rest of the text, once nothing more comes."""
        text = self._letters.rest()
        if not self._thinking.past:
            text = self._thinking.take(text) + self._thinking.rest()
        if text and not text.isspace():
            self.wrote = True
        return text

    @property
    def complete(self) -> bool:
        """Whether the provider said that the answer has ended: what comes afterwards decides nothing."""
        return self.done or bool(self.finish_reason)

    @property
    def closing(self) -> bool:
        """Whether only the usage of a complete answer can still come."""
        return self.wrote and self.trusted and bool(self.finish_reason)

    def verdict(self) -> GatewayError | None:
        """Return what is wrong with an answer that has ended; None if it is complete."""
        reason = self.finish_reason.lower()
        if reason in _FILTERED:
            return GatewayError(Code.CONTENT_REFUSED, detail=f"The provider's filter ended the answer ({reason}).")
        if reason in _BROKEN:
            return GatewayError(Code.PROVIDER_ERROR, detail=f"The provider ended the answer with the finish reason {reason}.")
        if not self.wrote:
            return GatewayError(Code.EMPTY_ANSWER, detail=self._what_came_instead())
        if not self.complete:
            return GatewayError(Code.CUT_OFF, detail="The answer ended without its end.")
        return None

    def _what_came_instead(self) -> str:
        how = f"finish reason {self.finish_reason}" if self.finish_reason else "no finish reason"
        if self._asked_for_tool:
            return f"Only a tool call came ({how})."
        if self.characters:
            return f"Only thinking came, {self.characters} characters ({how})."
        return f"No text came ({how})." + (f" Instead: {self._odd}" if self._odd else "")

    def fill(self, usage: Usage) -> None:
        """Write the tokens into `usage`: the provider's figures, else an estimate."""
        usage.finish_reason = self.finish_reason
        # A provider that counts zero tokens for an answer with words does not know either.
        if self.tokens_in is not None and self.tokens_out is not None and (self.tokens_out or not self.wrote):
            usage.tokens_in, usage.tokens_out, usage.estimated = self.tokens_in, self.tokens_out, False
        else:  # most providers send a packet per token; some collect several
            usage.tokens_out = max(self.deltas, estimate_tokens(self.characters))
