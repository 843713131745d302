"""What providers send, read as an answer: from servers that keep to the protocol, and from those that nearly do.

Only what decides about the text may end an answer; everything else is read loosely or passed over. docs/adr/0008 says what is
accepted and what is refused.
"""

from __future__ import annotations

import codecs
import json
import math
import re
from collections.abc import Iterable
from typing import Any

import msgspec

from .calls import Usage, estimate_tokens
from .errors import Code, GatewayError
from .failures import in_stream

DETAIL_CHARACTERS = 200
MOST_TOKENS = 2**31 - 1  # what the ledger can hold; a provider that says more does not know

# Why a model stopped, as servers word it; whatever else they say is an end like any other.
_AT_THE_LIMIT = {"length", "max_tokens", "max_output_tokens", "model_length"}
_FILTERED = {"content_filter", "safety", "recitation", "prohibited_content", "blocklist", "spii", "refusal", "sensitive"}
_BROKEN = {"error", "abort", "aborted", "cancelled", "network_error", "insufficient_system_resource", "malformed_function_call"}

# How models mark the thinking that they write ahead of their answer.
_THINKING = {
    "<think>": "</think>",
    "<thinking>": "</thinking>",
    "<thought>": "</thought>",
    "<reason>": "</reason>",
    "<reasoning>": "</reasoning>",
    "<|begin_of_thought|>": "<|end_of_thought|>",
    "[think]": "[/think]",
    "◁think▷": "◁/think▷",
    "<|channel|>analysis<|message|>": "<|channel|>final<|message|>",
}


class _Delta(msgspec.Struct):
    content: Any = None
    refusal: Any = None
    reasoning_content: Any = None
    reasoning: Any = None
    tool_calls: Any = None


class _Choice(msgspec.Struct):
    delta: _Delta | None = None
    message: _Delta | None = None
    text: Any = None
    finish_reason: Any = None


class _Packet(msgspec.Struct):
    choices: list[_Choice] | None = None
    usage: Any = None
    error: Any = None


_decode = msgspec.json.Decoder(_Packet).decode

# Bytes that are no UTF-8 stand for themselves, in characters that nobody uses, until what comes next makes them letters.
_BYTE = 0x10FE00


def _keep_bytes(error: UnicodeError) -> tuple[str, int]:
    assert isinstance(error, UnicodeDecodeError)
    return "".join(chr(_BYTE + byte) for byte in error.object[error.start : error.end]), error.end


codecs.register_error("almia.keep_bytes", _keep_bytes)
_BYTES = re.compile(f"[{chr(_BYTE)}-{chr(_BYTE + 255)}]+")
_PAIR = re.compile("[\ud800-\udbff][\udc00-\udfff]")
_HALF = re.compile("[\ud800-\udfff]")
_HALF_AT_END = re.compile(f"(?:[\ud800-\udbff]|[{chr(_BYTE)}-{chr(_BYTE + 255)}]{{1,3}})\\Z")


def _read_loosely(data: bytes) -> list[dict[str, Any]] | None:
    """Return the objects in `data`: with control characters, half letters, `NaN`, one in a list, or several below each other.

    What is no JSON at all (`ping`) holds none; None for JSON that cannot be read.
    """
    text = data.decode("utf-8", "almia.keep_bytes").strip("\ufeff \t\r\n")
    if not text.startswith(("{", "[")):
        return []
    found: list[Any] = []
    # Python refuses to make an integer of thousands of digits.
    decoder = json.JSONDecoder(strict=False, parse_int=lambda digits: int(digits) if len(digits) < 20 else float(digits))
    while text.startswith(("{", "[")):
        try:
            document, end = decoder.raw_decode(text)
        except (ValueError, RecursionError):
            return None
        found += document if isinstance(document, list) else [document]
        text = text[end:].lstrip(" \t\r\n,;")
    return [document for document in found if isinstance(document, dict)]


def _object(value: Any) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _packet_of(document: dict[str, Any]) -> _Packet:
    """Return `document`, whatever its parts are, as a packet."""
    choices = document.get("choices")
    first = choices[0] if isinstance(choices, list) and choices else choices
    packet = _Packet(usage=document.get("usage"), error=document.get("error"))
    if isinstance(first, dict):
        packet.choices = [
            _Choice(
                delta=_delta_of(first.get("delta")),
                message=_delta_of(first.get("message")),
                text=first.get("text"),
                finish_reason=first.get("finish_reason"),
            )
        ]
    return packet


def _delta_of(value: Any) -> _Delta | None:
    if isinstance(value, dict):
        return _Delta(**{name: value.get(name) for name in _Delta.__struct_fields__})
    return _Delta(content=value) if isinstance(value, str) else None


def _text_of(content: Any, *, depth: int = 3) -> str:
    """Return the text in `content`: a text, a part, or parts, of which only those that are no thinking count."""
    if isinstance(content, str):
        return content
    if isinstance(content, list) and depth:
        return "".join(_text_of(part, depth=depth - 1) for part in content)
    if isinstance(content, dict) and depth:
        return _text_of(content.get("text"), depth=depth - 1) if content.get("type") in (None, "text", "output_text") else ""
    return str(content) if isinstance(content, int | float) and not isinstance(content, bool) else ""


def _tokens(usage: dict[str, Any], *names: str) -> int | None:
    """Return the first of these figures that is one."""
    for name in names:
        try:
            value = float(usage[name])
        except (KeyError, TypeError, ValueError, OverflowError):
            continue
        if math.isfinite(value) and value <= MOST_TOKENS:
            return max(round(value), 0)
    return None


class _Thinking:
    """Keeps the thinking at the head of an answer apart from it. `past`: the answer itself has begun."""

    __slots__ = ("_end", "_held", "_seen", "past")

    def __init__(self) -> None:
        self.past = False
        self._held = ""  # may still become a tag
        self._end = ""  # inside thinking: what ends it
        self._seen = False

    def take(self, text: str) -> str:
        """Return what of the text so far is answer and was not returned yet."""
        self._held += text
        while not self.past:
            if self._end:
                thought, ended, rest = self._held.partition(self._end)
                self._held = rest if ended else thought[-len(self._end) :]
                if not ended:
                    return ""
                self._end = ""
            head = self._held.lstrip()
            start = head[:40].lower()
            tag = next((tag for tag in _THINKING if start.startswith(tag)), None)
            if tag is not None:
                self._held, self._end, self._seen = head[len(tag) :], _THINKING[tag], True
            elif any(tag.startswith(start) for tag in _THINKING):  # nothing but space, or half a tag
                return ""
            else:
                self.past = True
                return head if self._seen else self._held
        return text

    def rest(self) -> str:
        """Return what was held back and turned out to be answer."""
        return "" if self.past or self._end else self._held


class Reader:
    """Takes events in and keeps what they add up to."""

    __slots__ = (
        "_asked_for_tool",
        "_half",
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
        self.progress = False  # whether the last events brought anything, be it thinking that is not shown
        self.wrote = False  # anything but space
        self.finish_reason = ""
        self.trusted = True  # some servers give a finish reason with every word: theirs says nothing
        self.deltas = 0
        self.characters = 0
        self.tokens_in: int | None = None
        self.tokens_out: int | None = None
        self._thinking = _Thinking()
        self._half = ""  # of a letter
        self._odd = ""  # what was passed over last, for staff
        self._asked_for_tool = False

    def take(self, events: Iterable[bytes], *, last: bool = False) -> str:
        """Return the text that the events add. What stops the answer is kept as `failure`: the text before it is good.

        `last`: these are what the end of the body cut off; what cannot be read of them is not there.
        """
        texts: list[str] = []
        self.progress = False
        for data in events:
            if data == b"[DONE]":
                self.done = True
                break
            try:
                packet = _decode(data)
            except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
                texts.append(self._take_loosely(data, last=last))
            else:
                if packet.choices is None and packet.error is None:
                    self._look_at(data)
                texts.append(self._add(packet))
            if self.failure is not None or self.done:
                break
        return "".join(texts)

    def _take_loosely(self, data: bytes, *, last: bool) -> str:
        documents = _read_loosely(data)
        if documents is None:
            if not last and not self.complete:
                self.failure = GatewayError(Code.BAD_ANSWER, detail=f"An event cannot be read: {self._words(data)}")
            return ""
        if not documents:
            self._odd = self._words(data)
            self.done = self._odd.strip("\"' ").upper() == "[DONE]"
        texts = []
        for document in documents:
            packet = _packet_of(document)
            if packet.choices is None and packet.error is None:
                self._look_at(data, document)
            texts.append(self._add(packet, loosely=True))
        return "".join(texts)

    def _look_at(self, data: bytes, document: dict[str, Any] | None = None) -> None:
        """Take note of an event that is part of no answer; some of them say that there is none."""
        if document is None:
            document = next(iter(_read_loosely(data) or []), {})
        if "error" in [document.get(name) for name in ("object", "type", "status")] and not self.complete:
            self.failure = in_stream(document)
        elif not document.get("usage"):
            self._odd = self._words(data)

    @staticmethod
    def _words(data: bytes) -> str:
        return " ".join(data[: 4 * DETAIL_CHARACTERS].decode(errors="replace").split())[:DETAIL_CHARACTERS]

    def _add(self, packet: _Packet, *, loosely: bool = False) -> str:
        """Return the text that a packet adds."""
        if packet.error and not self.complete:
            self.failure = in_stream(packet.error)
            return ""
        if packet.usage is not None:
            self._count(_object(packet.usage))
        if not packet.choices:
            return ""
        choice = packet.choices[0]
        delta = choice.delta
        content, hidden = "", 0
        if delta is not None:
            content = delta.content
            if type(content) is not str or not content:  # nearly never
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
            text = self._mend(content) if loosely or self._half else content
            if not self._thinking.past:
                text = self._thinking.take(text)
            if text and not self.wrote:
                self.wrote = not text.isspace()
        if reason and isinstance(reason, str):
            self.finish_reason = "length" if reason.lower() in _AT_THE_LIMIT else reason
        return text

    def _read(self, delta: _Delta) -> tuple[str, int]:
        """Return the text of `delta`, and how many characters of thinking it holds."""
        content = delta.content
        thinking = delta.reasoning_content or delta.reasoning
        text = _text_of(content) or _text_of(delta.refusal)
        if not text and not thinking and isinstance(content, list | dict):
            thinking = content
        if delta.tool_calls:
            self._asked_for_tool = True
        return text, len(thinking if isinstance(thinking, str) else str(thinking)) if thinking else 0

    def _read_whole(self, choice: _Choice) -> tuple[str, int]:
        """As `_read`, of a choice with a message where words belong; one that repeats the answer at the end adds nothing."""
        content, hidden = self._read(choice.message) if choice.message is not None else ("", 0)
        content = content or _text_of(choice.text)
        repeats = self.deltas > 1 and bool(choice.finish_reason) and len(content) >= self.characters
        return ("", 0) if repeats else (content, hidden)

    def _count(self, usage: dict[str, Any]) -> None:
        self.tokens_in = _tokens(usage, "prompt_tokens", "input_tokens")
        self.tokens_out = _tokens(usage, "completion_tokens", "output_tokens")

    def _mend(self, text: str) -> str:
        """Put letters together that came in halves; a half whose other half does not come is replaced."""
        text = self._half + text
        self._half = ""
        text = _PAIR.sub(lambda pair: pair[0].encode("utf-16", "surrogatepass").decode("utf-16"), text)
        if (half := _HALF_AT_END.search(text)) and self._may_go_on(half[0]):
            text, self._half = text[: half.start()], half[0]
        text = _BYTES.sub(lambda found: _bytes_of(found[0]).decode(errors="replace"), text)
        return _HALF.sub("\ufffd", text)

    @staticmethod
    def _may_go_on(half: str) -> bool:
        if _HALF.match(half):
            return True
        try:
            _bytes_of(half).decode()
        except UnicodeDecodeError as error:
            return error.reason == "unexpected end of data"
        return False

    def rest(self) -> str:
        """Return the last of the text, once nothing comes any more."""
        text = self._mend("\ufeff").removesuffix("\ufeff") if self._half else ""
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
        """Whether only the figures of a whole answer can still come."""
        return self.wrote and self.trusted and bool(self.finish_reason)

    def verdict(self) -> GatewayError | None:
        """Return what is wrong with an answer that has ended; None when it is whole."""
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
        # A provider that counts no word of an answer that has some does not know either.
        if self.tokens_in is not None and self.tokens_out is not None and (self.tokens_out or not self.wrote):
            usage.tokens_in, usage.tokens_out, usage.estimated = self.tokens_in, self.tokens_out, False
        else:  # most providers send a packet per token; some gather several
            usage.tokens_out = max(self.deltas, estimate_tokens(self.characters))


def _bytes_of(kept: str) -> bytes:
    return bytes(ord(letter) - _BYTE for letter in kept)
