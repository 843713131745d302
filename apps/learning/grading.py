"""Questions: reading an answer, grading it, drawing and shuffling. Deterministic, and never a model's judgement."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from random import Random
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeAlias, TypeVar

from django.utils.translation import gettext as _

from .content import QuestionContent
from .enums import QuestionKind
from .errors import BadAnswer

if TYPE_CHECKING:
    from django.http import QueryDict

    from .models import Question

# Choices' ids, sorted; or, for classify, item -> category.
Answer: TypeAlias = list[str] | dict[str, str]
Entry = TypeVar("Entry")
NEVER = datetime.min.replace(tzinfo=UTC)


def read_answer(question: QuestionContent, posted: QueryDict) -> Answer:
    """Return the answer in a posted form (`choice`, or `item-<id>`), perhaps incomplete.

    Raises BadAnswer for anything that was not offered: an unknown choice, item or category, or several answers to a question that
    takes one.
    """
    unknown = BadAnswer(_("This answer is not one of those offered. Reload the page and choose again."))
    if question.kind == QuestionKind.CLASSIFY:
        placed = {}
        for name in posted:
            if not name.startswith("item-"):
                continue
            item, value = name.removeprefix("item-"), posted.get(name)
            if item not in {item.id for item in question.items}:
                raise unknown
            if value:
                if value not in {category.id for category in question.categories}:
                    raise unknown
                placed[item] = value
        return placed
    chosen = sorted(set(posted.getlist("choice")))
    if not set(chosen) <= {choice.id for choice in question.choices}:
        raise unknown
    if question.kind == QuestionKind.SINGLE and len(chosen) > 1:
        raise unknown
    return chosen


def is_complete(question: QuestionContent, answer: Answer | None) -> bool:
    """Whether `answer` can be graded."""
    if question.kind == QuestionKind.CLASSIFY:
        return isinstance(answer, Mapping) and answer.keys() == {item.id for item in question.items}
    return bool(answer)


def fingerprint(answer: Answer | None) -> str:
    """Return a fingerprint of `answer`, the same for the same answer: what a page says it has seen. Empty for none."""
    if not answer:
        return ""
    return hashlib.sha256(json.dumps(answer, sort_keys=True).encode()).hexdigest()[:16]


def require_complete(question: QuestionContent, answer: Answer | None) -> None:
    """Raise BadAnswer unless `answer` can be graded."""
    if is_complete(question, answer):
        return
    if question.kind == QuestionKind.CLASSIFY:
        raise BadAnswer(_("Choose a category for each line."))
    if question.kind == QuestionKind.MULTIPLE:
        raise BadAnswer(_("Choose at least one answer."))
    raise BadAnswer(_("Choose an answer."))


def grade(question: QuestionContent, answer: Answer | None) -> bool:
    """Whether `answer` is wholly right: every right choice and no wrong one, every item in its category."""
    if question.kind == QuestionKind.CLASSIFY:
        return isinstance(answer, Mapping) and dict(answer) == {item.id: item.category for item in question.items}
    return isinstance(answer, list) and set(answer) == {choice.id for choice in question.choices if choice.correct}


def passes(*, correct: int, total: int, pass_mark: int) -> bool:
    """Whether `correct` of `total` reaches `pass_mark` per cent. In integers: 7.99 of 10 is not 8."""
    return total > 0 and correct * 100 >= pass_mark * total


def shuffled(entries: Sequence[Entry], seed: str) -> list[Entry]:
    """Return `entries` in the order that `seed` gives, always the same."""
    ordered = list(entries)
    Random(seed).shuffle(ordered)  # noqa: S311  an order to read in, not a secret
    return ordered


def draw(
    questions: Iterable[Question], *, count: int, seed: str, seen: Mapping[str, datetime] = MappingProxyType({})
) -> list[Question]:
    """Return `count` of `questions`, spread evenly over their modules, in the order to ask them. The same seed gives the same.

    `seen`: when somebody last had a question, by its code. In each module those they have not had come first, then those they had
    longest ago.
    """
    by_module: dict[int, list[Question]] = {}
    for question in sorted(questions, key=lambda question: question.code):
        by_module.setdefault(question.module_id, []).append(question)
    piles = [shuffled(pile, f"{seed}:{module}") for module, pile in sorted(by_module.items())]
    for pile in piles:  # the last one is drawn first; questions that are equal stay shuffled
        pile.sort(key=lambda question: seen.get(question.code, NEVER), reverse=True)
    # If the count does not divide evenly, the modules that give one more are drawn as well.
    piles = shuffled(piles, f"{seed}:modules")
    drawn: list[Question] = []
    while len(drawn) < count and any(piles):
        for pile in piles:
            if pile and len(drawn) < count:
                drawn.append(pile.pop())
    return shuffled(drawn, f"{seed}:order")
