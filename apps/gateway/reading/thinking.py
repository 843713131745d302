"""Thinking that a model writes before its answer, in the same text."""

from __future__ import annotations

# How models mark the thinking that they write before their answer.
TAGS = {
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


class Thinking:
    """Separates the thinking at the head of an answer from it. `past`: the answer itself has begun."""

    __slots__ = ("_end", "_held", "_seen", "past")

    def __init__(self) -> None:
        self.past = False
        self._held = ""  # may still become a tag
        self._end = ""  # inside thinking: what ends it
        self._seen = False

    def take(self, text: str) -> str:
        """Return what part of the text so far is answer and was not returned yet."""
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
            tag = next((tag for tag in TAGS if start.startswith(tag)), None)
            if tag is not None:
                self._held, self._end, self._seen = head[len(tag) :], TAGS[tag], True
            elif any(tag.startswith(start) for tag in TAGS):  # only white space, or half a tag
                return ""
            else:
                self.past = True
                return head if self._seen else self._held
        return text

    def rest(self) -> str:
        """Return what was held back and turned out to be answer."""
        return "" if self.past or self._end else self._held
