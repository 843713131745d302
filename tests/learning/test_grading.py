from __future__ import annotations

from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest
from django.http import QueryDict

from apps.learning.errors import BadAnswer
from apps.learning.grading import draw, grade, is_complete, passes, read_answer, require_complete, shuffled
from apps.learning.shown import Reveal, show
from tests.factories.learning import classify, multiple, single


@pytest.mark.parametrize(
    ("answer", "right"),
    [(["a"], True), (["b"], False), ([], False), (None, False), (["a", "b"], False), ({"one": "left"}, False)],
)
def test_single(answer: Any, right: bool) -> None:
    assert grade(single("q"), answer) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [(["a", "b"], True), (["a"], False), (["a", "b", "c"], False), (["c", "d"], False), ([], False)],
)
def test_multiple_is_right_only_if_wholly_right(answer: Any, right: bool) -> None:
    assert grade(multiple("q"), answer) is right


@pytest.mark.parametrize(
    ("answer", "right"),
    [
        ({"one": "left", "two": "right"}, True),
        ({"one": "left", "two": "left"}, False),
        ({"one": "left"}, False),
        ({}, False),
        (["one"], False),
    ],
)
def test_classify_is_right_only_if_wholly_right(answer: Any, right: bool) -> None:
    assert grade(classify("q"), answer) is right


@pytest.mark.parametrize(
    ("correct", "total", "mark", "passed"),
    [(8, 10, 80, True), (7, 10, 80, False), (3, 4, 75, True), (2, 3, 67, False), (0, 0, 1, False), (799, 1000, 80, False)],
)
def test_pass_mark_in_whole_numbers(correct: int, total: int, mark: int, passed: bool) -> None:
    assert passes(correct=correct, total=total, pass_mark=mark) is passed


def test_answers_are_read_from_forms() -> None:
    assert read_answer(single("q"), QueryDict("choice=b")) == ["b"]
    assert read_answer(multiple("q"), QueryDict("choice=b&choice=a&choice=a")) == ["a", "b"]
    assert read_answer(classify("q"), QueryDict("item-one=left&item-two=")) == {"one": "left"}
    assert read_answer(single("q"), QueryDict("")) == []


@pytest.mark.parametrize(
    ("question", "posted"),
    [
        (single("q"), "choice=z"),
        (single("q"), "choice=a&choice=b"),
        (multiple("q"), "choice=a&choice=z"),
        (classify("q"), "item-three=left"),
        (classify("q"), "item-one=nowhere"),
    ],
)
def test_what_was_not_offered_is_refused(question: Any, posted: str) -> None:
    with pytest.raises(BadAnswer, match="not one of those offered"):
        read_answer(question, QueryDict(posted))


@pytest.mark.parametrize("question", [single("q"), multiple("q"), classify("q")])
def test_nothing_is_no_answer(question: Any) -> None:
    assert not is_complete(question, None)
    with pytest.raises(BadAnswer, match="Choose"):
        require_complete(question, [])


def bank(modules: int, each: int) -> list[Any]:
    return [SimpleNamespace(code=f"q-{module}-{number}", module_id=module) for module in range(modules) for number in range(each)]


def test_a_draw_is_spread_over_the_modules() -> None:
    for seed in map(str, range(40)):
        counts = [0] * 4
        for question in draw(bank(4, 6), count=10, seed=seed):
            counts[question.module_id] += 1
        assert sorted(counts) == [2, 2, 3, 3]


def test_a_draw_is_its_seeds() -> None:
    def codes(seed: str) -> list[str]:
        return [question.code for question in draw(bank(3, 8), count=9, seed=seed)]

    assert codes("a") == codes("a")
    assert len({tuple(codes(str(number))) for number in range(30)}) == 30
    assert len(set(codes("b"))) == 9


def test_a_small_bank_is_drawn_whole() -> None:
    assert len(draw(bank(2, 2), count=10, seed="a")) == 4


def test_questions_that_somebody_has_not_had_come_first() -> None:
    """Two of six in each of four modules: three attempts without one that was there before, then those of the first."""
    questions = bank(4, 6)
    seen: dict[str, datetime] = {}
    attempts: list[set[str]] = []
    for day in range(1, 5):
        drawn = {question.code for question in draw(questions, count=8, seed=str(day), seen=seen)}
        seen |= dict.fromkeys(drawn, datetime(2026, 11, day, tzinfo=UTC))
        assert len(drawn) == 8
        attempts.append(drawn)
    assert not attempts[0] & attempts[1]
    assert not (attempts[0] | attempts[1]) & attempts[2]
    assert attempts[3] == attempts[0], "Those that were longest ago."


def test_a_module_that_has_only_questions_seen_still_gives_its_share() -> None:
    seen = {f"q-0-{number}": datetime(2026, 11, 1, tzinfo=UTC) for number in range(6)}
    drawn = draw(bank(2, 6), count=4, seed="a", seen=seen)
    assert sorted(question.module_id for question in drawn) == [0, 0, 1, 1]


def test_shuffling_depends_on_the_seed_alone() -> None:
    assert shuffled("abcdef", "1") == shuffled("abcdef", "1")
    assert len({tuple(shuffled("abcdef", str(number))) for number in range(20)}) > 10


def test_an_open_question_gives_nothing_away() -> None:
    shown = show(single("q"), seed="s", answer=["b"])
    assert shown.correct is None
    assert shown.explanation == ""
    assert {(choice.verdict, choice.why) for choice in shown.choices} == {("", "")}
    assert [choice.id for choice in shown.choices if choice.selected] == ["b"]


def test_a_first_wrong_answer_leaves_the_right_one_to_be_found() -> None:
    shown = show(single("q"), seed="s", answer=["b"], reveal=Reveal.CHOSEN)
    verdicts = {choice.id: (choice.verdict, bool(choice.why)) for choice in shown.choices}
    assert verdicts == {"a": ("", False), "b": ("wrong", True), "c": ("", False)}
    sorting = show(classify("q"), seed="s", answer={"one": "left", "two": "left"}, reveal=Reveal.CHOSEN)
    lines = {item.id: (item.verdict, bool(item.why), item.belongs) for item in sorting.items}
    assert lines == {"one": ("right", True, ""), "two": ("wrong", False, "")}


def test_a_revealed_question_explains_every_choice() -> None:
    shown = show(multiple("q"), seed="s", answer=["a", "c"], reveal=Reveal.ALL)
    verdicts = {choice.id: choice.verdict for choice in shown.choices}
    assert verdicts == {"a": "right", "b": "missed", "c": "wrong", "d": ""}
    assert all(choice.why for choice in shown.choices)
    assert shown.explanation
    sorting = show(classify("q"), seed="s", answer={"one": "right", "two": "right"}, reveal=Reveal.ALL)
    assert {item.id: bool(item.belongs) for item in sorting.items} == {"one": True, "two": False}
