"""Writes are named verbs in services: keyword-only, described, and in the trail unless there is a reason."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from tests.architecture.source import ROOT, name_of, parsed

WRITING = {
    *("save", "create", "insert", "update", "delete", "bulk_create", "bulk_update", "get_or_create", "update_or_create"),
    "set_password",
}
# Not in the audit trail, and why. (The trail says who changed rights, people, models and rules; never what people write.)
OWN_WORK = "a person's own conversation or exercise: their content is nobody else's, and the usage ledger counts the calls"
OWN_PROGRESS = "a person's own steps through a course; what they prove, an award, is in the trail"
UNAUDITED = {
    "chat": OWN_WORK,
    "learning.practice": OWN_WORK,
    "learning.quiz": OWN_PROGRESS,
    "accounts.preferences": "one's own language and theme",
    "accounts.tokens.note_token_use": "when a token was last used; each call of the API would be a line",
    "accounts.sessions.end_sessions": "part of what its callers do, which are in the trail",
    "accounts.sessions.end_other_sessions": "one's own other tabs",
    "learning.publishing.enforce_redo_dates": "each requirement it raises is in the trail: access.add_requirement writes it",
    "portal.request_audit_verification": "what the verification finds is in the trail",
    "gateway.ledger": "sums of the usage ledger",
    "gateway.automatic.report_embedded_trouble": "the state of a machine; no person did it",
}


def service_files() -> list[Path]:
    found = [*(ROOT / "apps").glob("*/services.py"), *(ROOT / "apps").glob("*/services/**/*.py")]
    return sorted(path for path in found if path.name != "__init__.py")


def dotted(path: Path) -> str:
    """`learning.practice` for apps/learning/services/practice.py, `chat` for apps/chat/services.py."""
    return ".".join(part for part in path.relative_to(ROOT / "apps").with_suffix("").parts if part != "services")


Function = ast.FunctionDef | ast.AsyncFunctionDef


@cache
def functions(path: Path) -> dict[str, Function]:
    return {node.name: node for node in parsed(path).body if isinstance(node, Function)}


def called(function: Function) -> set[str]:
    """Return the last parts of the names that are called in `function`: `record` for audit.record(…)."""
    names = set()
    for node in ast.walk(function):
        if isinstance(node, ast.Call):
            names.add(node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", ""))
    return names


def records(function: Function, known: dict[str, Function], seen: frozenset[str] = frozenset()) -> bool:
    """Whether `function` writes to the trail, itself or through another service of its app."""
    for node in ast.walk(function):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "record"
            and getattr(node.func.value, "id", "") == "audit"
        ):
            return True
    below = (known[name] for name in called(function) - seen if name in known)
    return any(records(each, known, seen | {function.name}) for each in below if each is not function)


def writes(function: Function, known: dict[str, Function], seen: frozenset[str] = frozenset()) -> bool:
    names = called(function)
    if names & WRITING or any("atomic" in ast.unparse(decorator) for decorator in function.decorator_list):
        return True
    below = (known[name] for name in names - seen if name in known)
    return any(writes(each, known, seen | {function.name}) for each in below if each is not function)


def everything_of(app: str) -> dict[str, Function]:
    return {
        name: function
        for path in service_files()
        if dotted(path).split(".")[0] == app
        for name, function in functions(path).items()
    }


def public_writers() -> list[tuple[str, Function, dict[str, Function]]]:
    found = []
    for path in service_files():
        known = everything_of(dotted(path).split(".")[0])
        found += [
            (f"{dotted(path)}.{name}", function, known)
            for name, function in functions(path).items()
            if not name.startswith("_") and writes(function, known)
        ]
    return found


def test_there_are_services() -> None:
    assert len(public_writers()) > 30


def test_writes_take_keyword_arguments_only() -> None:
    wrong = [
        name for name, function, _ in public_writers() if function.args.args or function.args.posonlyargs or function.args.vararg
    ]
    assert wrong == []


def test_every_public_service_is_described() -> None:
    wrong = [
        f"{dotted(path)}.{name}"
        for path in service_files()
        for name, function in functions(path).items()
        if not name.startswith("_") and not ast.get_docstring(function)
    ]
    assert wrong == []


def test_writes_are_in_the_trail_or_have_a_reason() -> None:
    used, wrong = set(), []
    for name, function, known in public_writers():
        if records(function, known):
            continue
        reason = next((key for key in UNAUDITED if name == key or name.startswith(f"{key}.")), None)
        if reason is None:
            wrong.append(name)
        else:
            used.add(reason)
    assert wrong == []
    assert used == set(UNAUDITED), "A reason that nothing needs any more."


def test_views_commands_and_the_api_do_not_write() -> None:
    """Thin layers call a service. Forms may clean, nothing else may touch rows."""
    wrong = []
    for path in sorted((ROOT / "apps").rglob("*.py")):
        parts = path.relative_to(ROOT / "apps").parts
        if not ({"views", "api"} & set(parts) or path.name in {"views.py", "commands.py", "api.py"}):
            continue
        for node in ast.walk(parsed(path)):
            if (
                isinstance(node, ast.Call)
                and isinstance(node.func, ast.Attribute)
                and node.func.attr
                in {
                    "bulk_create",
                    "bulk_update",
                    "get_or_create",
                    "update_or_create",
                    "create",
                    "delete",
                    "update",
                    "save",
                    "insert",
                }
                and ("objects" in ast.unparse(node.func) or ast.unparse(node.func.value) == "sql")
            ):
                wrong.append(f"{name_of(path)}:{node.lineno}: {ast.unparse(node)[:80]}")
    assert wrong == []
