from __future__ import annotations

from pathlib import Path

import yaml

from apps.learning.content import Category, Choice, Item, QuestionContent
from apps.learning.enums import QuestionKind, QuestionUse

from .problems import Problems
from .reading import Fields, Source, Unique, read_text

KINDS = tuple(QuestionKind.values)
USES = tuple(QuestionUse.values)


def read_questions(path: Path, modules: set[str], problems: Problems) -> tuple[QuestionContent, ...]:
    """Return the questions of a bank. `modules`: the ids of the course's modules."""
    text = read_text(path, problems)
    if text is None:
        return ()
    source = Source(path, problems)
    top = source.compose(text)
    if top is None:
        return ()
    nodes = top.listed("questions", low=1, high=1000)
    top.end()
    ids = Unique(source, "question")
    questions = (_read_question(source, node, modules, ids) for node in nodes)
    return tuple(question for question in questions if question is not None)


def _read_question(source: Source, node: yaml.Node, modules: set[str], ids: Unique) -> QuestionContent | None:
    entry = source.fields(node)
    if entry is None:
        return None
    code = entry.identifier()
    ids.note(code, source.path, source.line(node))
    module = entry.identifier("module")
    if module and module not in modules:
        source.complain(entry.find("module"), f"there is no module “{module}” in course.yaml")
    use = entry.one_of("use", USES)
    kind = entry.one_of("kind", KINDS)
    prompt, explanation = entry.translated("prompt"), entry.translated("explanation")
    choices: tuple[Choice, ...] = ()
    categories: tuple[Category, ...] = ()
    items: tuple[Item, ...] = ()
    if kind == QuestionKind.CLASSIFY:
        categories, items = _read_sorting(source, entry)
    else:
        choices = _read_choices(source, entry, kind)
    entry.end()
    return QuestionContent(
        id=code,
        module=module,
        use=use,
        kind=kind,
        prompt=prompt,
        explanation=explanation,
        choices=choices,
        categories=categories,
        items=items,
    )


def _read_choices(source: Source, entry: Fields, kind: str) -> tuple[Choice, ...]:
    ids = Unique(source, "choice")
    choices = []
    for node in entry.listed("choices", low=3, high=5):
        choice = source.fields(node)
        if choice is None:
            continue
        code = choice.identifier()
        ids.note(code, source.path, source.line(node))
        right = choice.find("correct")
        choices.append(
            Choice(
                id=code,
                text=choice.translated("text"),
                why=choice.translated("why"),
                correct=source.boolean(right) if right is not None else False,
            )
        )
        choice.end()
    right_count = sum(choice.correct for choice in choices)
    if kind == QuestionKind.SINGLE and right_count != 1:
        source.complain(entry.node, f"exactly one choice must be correct, {right_count} are")
    elif kind == QuestionKind.MULTIPLE and right_count == 0:
        source.complain(entry.node, "at least one choice must be correct")
    return tuple(choices)


def _read_sorting(source: Source, entry: Fields) -> tuple[tuple[Category, ...], tuple[Item, ...]]:
    ids = Unique(source, "category")
    categories = []
    for node in entry.listed("categories", low=2, high=6):
        category = source.fields(node)
        if category is None:
            continue
        code = category.identifier()
        ids.note(code, source.path, source.line(node))
        categories.append(Category(id=code, text=category.translated("text")))
        category.end()
    item_ids = Unique(source, "item")
    items = []
    for node in entry.listed("items", low=2, high=8):
        item = source.fields(node)
        if item is None:
            continue
        code = item.identifier()
        item_ids.note(code, source.path, source.line(node))
        belongs = item.identifier("category")
        if belongs and belongs not in ids:
            source.complain(item.find("category"), f"there is no category “{belongs}” in this question")
        items.append(Item(id=code, category=belongs, text=item.translated("text"), why=item.translated("why")))
        item.end()
    return tuple(categories), tuple(items)
