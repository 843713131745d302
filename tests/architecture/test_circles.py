"""No file depends on itself: following imports from any file never leads back to it. Imports inside functions count."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from tests.architecture.source import ROOT, files, name_of, parsed

# Circles that remain for now, and why.
KNOWN: dict[frozenset[str], str] = {}


def module_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@cache
def modules() -> dict[str, Path]:
    """Return the project's modules, by name."""
    return {module_of(path): path for path in files(".py") if name_of(path).startswith(("almia/", "apps/"))}


def nodes_at_run_time(tree: ast.AST) -> Iterator[ast.AST]:
    """Walk everything except what is under `if TYPE_CHECKING`."""
    for child in ast.iter_child_nodes(tree):
        if isinstance(child, ast.If) and ast.unparse(child.test) in {"TYPE_CHECKING", "typing.TYPE_CHECKING"}:
            for other in child.orelse:
                yield other
                yield from nodes_at_run_time(other)
            continue
        yield child
        yield from nodes_at_run_time(child)


def imported_by(name: str, path: Path) -> set[str]:
    """Return the modules of the project that `name` imports, at any depth of its code."""
    package = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    found: set[str] = set()
    for node in nodes_at_run_time(parsed(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            for alias in node.names:
                inner = f"{base}.{alias.name}"
                found.add(inner if inner in modules() else base)
    return (found & set(modules())) - {name}


def graph() -> dict[str, set[str]]:
    return {name: imported_by(name, path) for name, path in modules().items()}


def circles(imports: dict[str, set[str]]) -> list[list[str]]:
    """Return circles of `imports`, one after another: each is opened before the next one is looked for."""
    left = {name: set(below) for name, below in imports.items()}
    found = []
    while True:
        try:
            TopologicalSorter(left).prepare()
        except CycleError as error:
            circle = error.args[1][::-1]  # each imports the next
            found.append(circle)
            left[circle[0]].discard(circle[1])
        else:
            return found


def test_no_circle_of_imports() -> None:
    wrong, used = [], set()
    for circle in circles(graph()):
        known = next((names for names in KNOWN if set(circle) & names), None)
        if known is None:
            wrong.append(" -> ".join(circle))
        else:
            used.add(known)
    assert wrong == []
    assert used == set(KNOWN), "Gone: the reason can go, too."


def test_a_circle_is_found() -> None:
    assert circles({"a": {"b"}, "b": {"c"}, "c": set()}) == []
    [circle] = circles({"a": {"b"}, "b": {"c"}, "c": {"a"}})
    assert (circle[0], set(circle)) == (circle[-1], {"a", "b", "c"})
    tree = ast.parse("if TYPE_CHECKING:\n    import a\ndef f():\n    import b\n")
    assert [node.names[0].name for node in nodes_at_run_time(tree) if isinstance(node, ast.Import)] == ["b"]
