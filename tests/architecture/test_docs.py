"""What operators and clients rely on is documented: every variable, every frame, every code."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from apps.core.live import registry
from tests.architecture.source import ROOT, files, name_of, parsed

OPERATIONS = ROOT / "docs" / "operations.md"
WEBSOCKET = ROOT / "docs" / "websocket.md"
READERS = {"text", "secret", "flag", "integer", "words", "origins"}
# Read from the environment, but not ours: the system's and the tools' own.
NOT_OURS = {
    "HOME",
    "PATH",
    "LANG",
    "LC_ALL",
    "LC_MESSAGES",
    "CI",
    "PYTEST_XDIST_WORKER",
    "DJANGO_SETTINGS_MODULE",
    "CELERY_SKIP_CHECKS",
}


def documented(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def variables() -> dict[str, str]:
    """Return the environment variables the code reads, each with a place where it does."""
    found: dict[str, str] = {}
    for path in files(".py"):
        name = name_of(path)
        if name.startswith(("tests/", "bench/")):
            continue
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute) or not node.args:
                continue
            owner, method, first = ast.unparse(node.func.value), node.func.attr, node.args[0]
            if not ((owner == "env" and method in READERS) or (owner == "os.environ" and method in {"get", "setdefault"})):
                continue
            if isinstance(first, ast.Constant):
                found.setdefault(str(first.value), name)
            elif isinstance(first, ast.JoinedStr):  # a family of names: the common prefix counts
                found.setdefault("".join(str(part.value) for part in first.values if isinstance(part, ast.Constant)), name)
    return {name: where for name, where in found.items() if name not in NOT_OURS}


def test_every_variable_is_documented() -> None:
    text = documented(OPERATIONS)
    assert {name: where for name, where in variables().items() if name not in text} == {}


def test_no_variable_is_documented_that_nothing_reads() -> None:
    read = variables()
    told = set(re.findall(r"`((?:ALMIA|DATABASE|REDIS)_[A-Z_]+|PORT)`", documented(OPERATIONS)))
    assert {name for name in told if not any(name == each or name.startswith(each) for each in read)} == set()


@pytest.mark.parametrize("command", registry.all_commands(), ids=lambda command: command.name)
def test_every_command_and_its_fields_are_documented(command: registry.Command) -> None:
    told = re.search(rf"`{re.escape(command.name)}(?: {{([^`]*)}})?`", documented(WEBSOCKET))
    assert told is not None, f"docs/websocket.md does not tell of {command.name}."
    fields = {field.strip(" ?") for field in (told[1] or "").split(",")}
    assert fields == set(command.frame.__struct_encode_fields__), f"docs/websocket.md: the fields of {command.name}."


def test_no_command_is_documented_that_is_gone() -> None:
    # An app's section says in its title what it requires; the others list what the server sends.
    sections = re.findall(r"^## .+:.+\n((?:(?!## ).*\n?)*)", documented(WEBSOCKET), re.MULTILINE)
    told = {name for section in sections for name in re.findall(r"^\| `([\w.]+)", section, re.MULTILINE)}
    assert told == {command.name for command in registry.all_commands()}


def codes(*names: str) -> dict[str, str]:
    """Return the constant first arguments of calls of `names` in the apps."""
    found = {}
    for path in files(".py"):
        if not name_of(path).startswith("apps/"):
            continue
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and node.args and isinstance(node.args[0], ast.Constant):
                function = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
                if function in names:
                    found[str(node.args[0].value)] = name_of(path)
    return found


def test_every_error_code_of_the_socket_is_documented() -> None:
    text = documented(WEBSOCKET)
    assert {code: where for code, where in codes("LiveError").items() if f"`{code}`" not in text} == {}


def test_every_frame_of_the_server_is_documented() -> None:
    text, missing = documented(WEBSOCKET), set()
    for path in files(".py"):
        if not name_of(path).startswith("apps/"):
            continue
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.Dict):
                continue
            for key, value in zip(node.keys, node.values, strict=True):
                if not (isinstance(key, ast.Constant) and key.value == "type" and isinstance(value, ast.Constant)):
                    continue
                kind = str(value.value)
                ours = "." in kind or kind in {"hello", "error", "closed"}
                if (
                    ours
                    and not kind.startswith(("websocket.", "lifespan.", "live."))
                    and not re.search(rf"`{re.escape(kind)}[ `]", text)
                ):
                    missing.add(kind)
    assert missing == set()


def test_every_close_code_is_documented() -> None:
    text = documented(WEBSOCKET)
    found = {
        match
        for path in files(".py")
        if name_of(path).startswith("apps/core/live")
        for match in re.findall(r"\b4\d{3}\b", path.read_text())
    }
    assert {code for code in found if code not in text} == set()


def test_every_decision_record_is_numbered_and_dated() -> None:
    records = sorted((ROOT / "docs" / "adr").glob("*.md"))
    assert records
    for record in records:
        assert re.match(r"\d{4}-[a-z0-9-]+\.md", record.name)
        text = record.read_text()
        for part in ("## Context", "## Decision", "## Consequences"):
            assert part in text, f"{record.name} has no {part}."


def test_links_between_documents_lead_somewhere() -> None:
    wrong = []
    for path in [*files(".md")]:
        if "vendor" in name_of(path) or name_of(path).startswith("content/"):
            continue
        for target in re.findall(r"\]\((?!https?:|mailto:|#)([^)#\s]+)", path.read_text()):
            if not (path.parent / target).exists():
                wrong.append(f"{name_of(path)}: {target}")
    assert wrong == []
