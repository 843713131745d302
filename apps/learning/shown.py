"""Questions as pages show them: in the active language, in their shuffled order, with as much of the answer as may be seen."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from django.utils.translation import gettext as _

from .content import QuestionContent
from .enums import QuestionKind
from .grading import Answer, grade, shuffled


class Reveal(Enum):
    """How much of the right answer is shown."""

    NOTHING = "nothing"
    CHOSEN = "chosen"  # what was chosen, and why that was right or wrong: the rest can still be found
    ALL = "all"


@dataclass(frozen=True, slots=True)
class ShownChoice:
    """`verdict`: right, wrong, missed (right, but not chosen) or nothing."""

    id: str
    text: str
    selected: bool
    verdict: str = ""
    why: str = ""


@dataclass(frozen=True, slots=True)
class ShownItem:
    """`selected`: the category it was put in. `belongs`: the right one, if that may be shown and another was chosen."""

    id: str
    text: str
    selected: str
    verdict: str = ""
    why: str = ""
    belongs: str = ""


@dataclass(frozen=True, slots=True)
class ShownCategory:
    id: str
    text: str


@dataclass(frozen=True, slots=True)
class ShownQuestion:
    """`correct`: None until it was answered and may be judged."""

    kind: str
    prompt: str
    hint: str
    choices: tuple[ShownChoice, ...]
    items: tuple[ShownItem, ...]
    categories: tuple[ShownCategory, ...]
    correct: bool | None
    explanation: str

    @property
    def several(self) -> bool:
        return self.kind == QuestionKind.MULTIPLE

    @property
    def sorting(self) -> bool:
        return self.kind == QuestionKind.CLASSIFY

    @property
    def judged(self) -> bool:
        return self.correct is not None


def show(question: QuestionContent, *, seed: str, answer: Answer | None = None, reveal: Reveal = Reveal.NOTHING) -> ShownQuestion:
    """Return `question` in the order of `seed`, with `answer` marked and judged as far as `reveal` allows."""
    return ShownQuestion(
        kind=question.kind,
        prompt=str(question.prompt),
        hint=_hint(question),
        choices=_choices(question, seed, answer, reveal),
        items=_items(question, seed, answer, reveal),
        categories=tuple(ShownCategory(category.id, str(category.text)) for category in question.categories),
        correct=None if reveal is Reveal.NOTHING else grade(question, answer),
        explanation=str(question.explanation) if reveal is Reveal.ALL else "",
    )


def _hint(question: QuestionContent) -> str:
    if question.kind == QuestionKind.MULTIPLE:
        return _("Choose all that are right.")
    if question.kind == QuestionKind.CLASSIFY:
        return _("Choose a category for each line.")
    return ""


def _choices(question: QuestionContent, seed: str, answer: Answer | None, reveal: Reveal) -> tuple[ShownChoice, ...]:
    chosen = set(answer) if isinstance(answer, list) else set()
    shown = []
    for choice in shuffled(question.choices, f"{seed}:{question.id}"):
        selected = choice.id in chosen
        verdict = ""
        if selected and reveal is not Reveal.NOTHING:
            verdict = "right" if choice.correct else "wrong"
        elif choice.correct and reveal is Reveal.ALL:
            verdict = "missed"
        why = str(choice.why) if verdict or reveal is Reveal.ALL else ""
        shown.append(ShownChoice(choice.id, str(choice.text), selected, verdict, why))
    return tuple(shown)


def _items(question: QuestionContent, seed: str, answer: Answer | None, reveal: Reveal) -> tuple[ShownItem, ...]:
    placed = answer if isinstance(answer, Mapping) else {}
    names = {category.id: str(category.text) for category in question.categories}
    shown = []
    for item in shuffled(question.items, f"{seed}:{question.id}"):
        selected = str(placed.get(item.id, ""))
        right = selected == item.category
        verdict = "" if reveal is Reveal.NOTHING else ("right" if right else "wrong")
        # While it can still be found, a wrong line does not say why: the reason would give the category away.
        why = str(item.why) if reveal is Reveal.ALL or verdict == "right" else ""
        belongs = names[item.category] if reveal is Reveal.ALL and not right else ""
        shown.append(ShownItem(item.id, str(item.text), selected, verdict, why, belongs))
    return tuple(shown)
