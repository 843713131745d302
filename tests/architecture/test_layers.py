"""Who may know whom: imports and foreign keys point down, siblings do not know each other."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from typing import Any

from django.apps import apps
from django.db.models import Field

from tests.architecture.source import ROOT, files, name_of, parsed

CONTRACTS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
# From the top: each entry is a layer, its apps are siblings.
LAYERS: list[list[str]] = [
    [part.strip().removeprefix("apps.") for part in layer.split("|")]
    for contract in CONTRACTS
    if contract["type"] == "layers"
    for layer in contract["layers"]
    if layer != "almia"  # the project: settings, site map, entry points
]
HEIGHT = {app: len(LAYERS) - index for index, layer in enumerate(LAYERS) for app in layer}


def test_the_import_contract_holds() -> None:
    program = "from importlinter.cli import lint_imports_command as run; run(['--no-cache'])"
    done = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_every_app_has_a_layer() -> None:
    ours = {config.name.removeprefix("apps.") for config in apps.get_app_configs() if config.name.startswith("apps.")}
    folders = {path.parent.name for path in (ROOT / "apps").glob("*/__init__.py")}
    assert ours == folders == set(HEIGHT)


def test_the_layers_are_those_of_the_plan() -> None:
    assert LAYERS[-1] == ["core"]
    assert HEIGHT["core"] < HEIGHT["accounts"] < HEIGHT["access"] < HEIGHT["gateway"] < HEIGHT["learning"] < HEIGHT["portal"]
    assert HEIGHT["learning"] == HEIGHT["chat"]
    assert HEIGHT["portal"] == HEIGHT["api"] < HEIGHT["server"]


def test_foreign_keys_point_down() -> None:
    wrong = []
    for model in apps.get_models():
        if not model.__module__.startswith("apps."):
            continue
        here = model._meta.app_label
        fields: list[Any] = [*model._meta.get_fields()]
        for field in fields:
            if not isinstance(field, Field) or field.related_model is None or isinstance(field.related_model, str):
                continue
            there = field.related_model._meta.app_label
            if there in HEIGHT and there != here and HEIGHT[there] >= HEIGHT[here]:
                wrong.append(f"{here}.{model.__name__}.{field.name} points up or sideways to {there}")
    assert wrong == []


def test_only_the_gateway_knows_the_models_client() -> None:
    wrong = []
    for path in files(".py"):
        if name_of(path).startswith("apps/gateway/") or name_of(path).startswith("tests/gateway/"):
            continue
        for node in ast.walk(parsed(path)):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            if isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            wrong += [f"{name_of(path)}: {name}" for name in names if name.split(".")[0] == "openai"]
    assert wrong == []
