from __future__ import annotations

import pytest

from apps.chat import context
from apps.gateway.calls import Message


def said(role: str, content: str) -> Message:
    return {"role": role, "content": content}


def test_everything_that_fits_is_sent_in_order_after_the_instructions() -> None:
    history = [said("user", "un"), said("assistant", "deux"), said("user", "trois")]
    built = context.build(history, context_window=8192)
    assert built[0] == said("system", context.INSTRUCTIONS)
    assert list(built[1:]) == history


def test_the_oldest_turns_give_way_and_no_answer_stands_without_its_question() -> None:
    history = []
    for number in range(10):
        history += [said("user", f"question {number} " + "x" * 300), said("assistant", f"réponse {number} " + "y" * 300)]
    history.append(said("user", "dernière"))
    built = context.build(history, context_window=1000)
    assert built[-1]["content"] == "dernière"
    assert built[1]["role"] == "user"
    assert 1 < len(built) < len(history)
    assert sum(len(message["content"]) for message in built) <= 1000 * context.CHARACTERS_PER_TOKEN


def test_a_message_longer_than_the_model_can_read_is_refused_with_figures() -> None:
    with pytest.raises(context.MessageTooLong, match="5000"):
        context.build([said("user", "z" * 5000)], context_window=1000)


@pytest.mark.parametrize(
    ("text", "title"),
    [
        ("Bonjour", "Bonjour"),
        ("  deux\n lignes  ", "deux lignes"),
        ("a" * 100, "a" * 60 + "…"),
        ("mot " * 30, "mot " * 14 + "mot…"),
    ],
)
def test_a_title_is_the_first_words(text: str, title: str) -> None:
    assert context.title_from(text) == title
    assert len(context.title_from(text)) <= 61
