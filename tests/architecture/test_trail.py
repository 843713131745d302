"""What the code writes into the audit trail, staff can read: every action has a label, and no label is left over."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.utils import translation

from apps.core import audit
from tests.architecture.source import ROOT, files, name_of, parsed

APPS = [path for path in files(".py") if path.is_relative_to(ROOT / "apps")]


def calls(tree: ast.AST, name: str) -> Iterator[ast.Call]:
    """Calls of `name`: a function of the module, or `audit.record`."""
    return (node for node in ast.walk(tree) if isinstance(node, ast.Call) and ast.unparse(node.func) == name)


def given(call: ast.Call, name: str, function: ast.FunctionDef) -> ast.expr | None:
    """Return what `call` passes for `function`'s parameter `name`."""
    by_name = next((keyword.value for keyword in call.keywords if keyword.arg == name), None)
    places = [argument.arg for argument in (*function.args.posonlyargs, *function.args.args)]
    if by_name is None and name in places and places.index(name) < len(call.args):
        return call.args[places.index(name)]
    return by_name


def values(expression: ast.expr, tree: ast.Module, around: list[ast.FunctionDef]) -> set[str]:
    """Return every string that `expression` can be, as far as the module says; empty if it does not."""
    if isinstance(expression, ast.Constant):
        return {expression.value} if isinstance(expression.value, str) else set()
    if isinstance(expression, ast.IfExp):
        return values(expression.body, tree, around) | values(expression.orelse, tree, around)
    if isinstance(expression, ast.Dict):
        return {word for value in expression.values for word in values(value, tree, around)}
    if isinstance(expression, ast.Subscript):
        return values(expression.value, tree, around)
    if not isinstance(expression, ast.Name):
        return set()
    for function in around:
        if any(argument.arg == expression.id for argument in (*function.args.args, *function.args.kwonlyargs)):
            passed = [(call, given(call, expression.id, function)) for call in calls(tree, function.name)]
            return {
                word for call, value in passed if value is not None for word in values(value, tree, functions_around(call, tree))
            }
    for scope in (*around, tree):
        for node in ast.walk(scope):
            if isinstance(node, ast.Assign) and any(ast.unparse(target) == expression.id for target in node.targets):
                return values(node.value, tree, around)
    return set()


def functions_around(node: ast.AST, tree: ast.Module) -> list[ast.FunctionDef]:
    return [each for each in ast.walk(tree) if isinstance(each, ast.FunctionDef) and any(part is node for part in ast.walk(each))]


def recorded(path: Path) -> Iterator[tuple[str, set[str]]]:
    """Yield where `path` writes to the trail, and which actions."""
    tree = parsed(path)
    for call in (*calls(tree, "audit.record"), *calls(tree, "audit.Event")):
        action = next(keyword.value for keyword in call.keywords if keyword.arg == "action")
        yield f"{name_of(path)}:{call.lineno}", values(action, tree, functions_around(call, tree))


RECORDED = dict(found for path in APPS for found in recorded(path))


def test_what_is_recorded_can_be_told() -> None:
    assert len(RECORDED) > 40
    assert [place for place, actions in RECORDED.items() if not actions] == []
    assert {"accounts.sign_in", "accounts.remove_second_factor", "gateway.change_alias", "core.verify_audit"} <= set().union(
        *RECORDED.values()
    )


def test_nothing_else_writes_to_the_trail() -> None:
    names = ("record", "record_many", "Event", "AuditEntry", "audit_record")
    wrong = [
        f"{name_of(path)}: {ast.unparse(node)}"
        for path in APPS
        for node in ast.walk(parsed(path))
        if isinstance(node, ast.ImportFrom)
        and (node.module or "").startswith("apps.core.audit")
        and not path.is_relative_to(ROOT / "apps/core/audit")
        and any(a.name in names for a in node.names)
    ]
    assert wrong == [], "Import the module: `audit.record(…)` and `audit.Event(…)` are what these tests look for."


def test_every_action_has_a_label() -> None:
    wrong = {place: actions - audit.declared() for place, actions in RECORDED.items() if actions - audit.declared()}
    assert wrong == {}


def test_no_label_is_left_over() -> None:
    assert audit.declared() - set().union(*RECORDED.values()) == set()


@pytest.mark.parametrize("path", sorted((ROOT / "apps").glob("*/trail.py")), ids=name_of)
def test_an_app_labels_its_own_actions(path: Path) -> None:
    constants = (node.value for node in ast.walk(parsed(path)) if isinstance(node, ast.Constant))
    codes = {value for value in constants if isinstance(value, str) and value in audit.declared()}
    assert codes
    assert {code.split(".")[0] for code in codes} == {path.parent.name}


def test_labels_are_said_in_both_languages() -> None:
    for action in sorted(audit.declared()):
        said = set()
        for language in ("fr", "en"):
            with translation.override(language):
                said.add(audit.label_of(action))
        assert action not in said
        assert len(said) == 2, f"{action} reads the same in French and English: {said}"


def test_an_action_that_no_code_records_any_more_stands_for_itself() -> None:
    assert audit.label_of("access.forgotten") == "access.forgotten"


def test_an_action_is_declared_once() -> None:
    with pytest.raises(ValueError, match=r"access\.award"):
        audit.declare({"access.award": "Again"})
