"""What the model is given: instructions, and as much of the conversation as it can read."""

from __future__ import annotations

from django.utils.translation import gettext as _

from apps.core.refusals import Refusal
from apps.gateway.calls import Message

CHARACTERS_PER_TOKEN = 3  # cautious for French; the provider counts exactly
USUAL_WINDOW = 8_192  # if a version does not say; small enough for any model served today
ANSWER_SHARE = 0.4  # of the context window, kept for the answer
CONTINUE = "Continue your last answer exactly where it stopped. Do not repeat anything and do not comment."

INSTRUCTIONS = (
    "You are Almia, the assistant of an insurance company's employees. Answer in the language of the last message, clearly and "
    "briefly. Use Markdown when it helps. Say so when you do not know; never invent figures, references or names."
)


class MessageTooLong(Refusal):
    """The last message alone is more than the model can read."""

    code = "too_long"


def build(history: list[Message], *, context_window: int) -> tuple[Message, ...]:
    """Return the messages to send: instructions, then the latest of `history` that fit. `history` ends with the person's message.

    Raises MessageTooLong.
    """
    budget = int(context_window * (1 - ANSWER_SHARE)) * CHARACTERS_PER_TOKEN - len(INSTRUCTIONS)
    last = history[-1]
    if len(last["content"]) > budget:
        raise MessageTooLong(
            _(
                "This message is too long for this model: %(length)s characters, and it can read about %(limit)s. "
                "Shorten it or split it."
            )
            % {"length": len(last["content"]), "limit": max(budget, 0)}
        )
    kept = [last]
    budget -= len(last["content"])
    for message in reversed(history[:-1]):
        budget -= len(message["content"])
        if budget < 0:
            break
        kept.append(message)
    while len(kept) > 1 and kept[-1]["role"] == "assistant":
        kept.pop()  # an answer without its question confuses more than it helps
    return ({"role": "system", "content": INSTRUCTIONS}, *reversed(kept))


def title_from(text: str) -> str:
    """Return a title for a conversation that begins with `text`: its first words."""
    words = " ".join(text.split())
    if len(words) <= 60:
        return words or _("New conversation")
    return words[:60].rsplit(" ", 1)[0].rstrip(",;:.") + "…"
