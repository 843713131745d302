"""Every template compiles, and whatever it names exists: other templates, addresses, static files, icons. No inline code, no line
over 140 columns, and the form that djangofmt gives (`djangofmt templates` writes it).

(Whether its variables exist is checked when it is rendered: tests/strict/templates.py.)
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import django
from django.contrib.staticfiles import finders
from django.template import Template, engines
from django.template.base import FilterExpression, Node, Variable
from django.template.defaulttags import URLNode
from django.template.exceptions import TemplateDoesNotExist, TemplateSyntaxError
from django.template.library import SimpleNode
from django.template.loader_tags import ExtendsNode, IncludeNode
from django.templatetags.static import StaticNode
from django.urls import NoReverseMatch, get_resolver, reverse

from apps.core import icons
from apps.core.templatetags import ui

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "templates"
INLINE = [
    ("inline script", re.compile(r"<script(?![^>]*\bsrc=)(?![^>]*type=\"application/json\")", re.IGNORECASE)),
    ("inline style", re.compile(r"<style\b", re.IGNORECASE)),
    ("style attribute", re.compile(r"\sstyle\s*=", re.IGNORECASE)),
    ("handler", re.compile(r"\s(?:on[a-z]+|hx-on[:\w-]*)\s*=\s*[\"']", re.IGNORECASE)),
    ("javascript: address", re.compile(r"javascript:", re.IGNORECASE)),
    ("foreign address", re.compile(r"(?:src|srcset)\s*=\s*[\"'](?:https?:)?//", re.IGNORECASE)),
]
COLUMNS = 140  # the formatter aims at 130, and leaves alone what it cannot break without changing what is shown
LINT = [sys.executable, "-m", "djlint", "--lint", "--quiet"]
FORMAT = [str(Path(sysconfig.get_path("scripts")) / "djangofmt"), "--quiet", "--check"]
COMMENT = re.compile(r"{% comment.*?%}.*?{% endcomment %}|{#.*?#}|<!--.*?-->", re.DOTALL)


def constant(expression: Any) -> str | None:
    """Return the text of a filter expression or variable that is a plain string, else None."""
    value = expression.var if isinstance(expression, FilterExpression) else expression
    if isinstance(expression, FilterExpression) and expression.filters:
        return None
    if isinstance(value, Variable):
        value = value.literal if value.lookups is None else None
    return str(value) if isinstance(value, str) else None


def nodes(template: Template) -> Iterator[Node]:
    yield from template.nodelist.get_nodes_by_type(Node)


def known_names() -> set[str]:
    """Return the names of all addresses, with their namespaces."""
    found: set[str] = set()

    def walk(resolver: Any, prefix: str) -> None:
        found.update(prefix + key for key in resolver.reverse_dict if isinstance(key, str))
        for name, (_, inner) in resolver.namespace_dict.items():
            walk(inner, f"{prefix}{name}:")

    walk(get_resolver(), "")
    return found


def problems_of(name: str, template: Template, names: set[str]) -> Iterator[str]:
    for node in nodes(template):
        if isinstance(node, (IncludeNode, ExtendsNode)):
            wanted = constant(node.template if isinstance(node, IncludeNode) else node.parent_name)
            if wanted is None:
                continue
            try:
                engines["django"].get_template(wanted)
            except TemplateDoesNotExist:
                yield f"{name}: there is no template {wanted}"
        elif isinstance(node, SimpleNode) and node.func is ui.icon:
            wanted = constant(node.args[0])
            if wanted is not None and wanted not in icons.names():
                yield f"{name}: there is no icon {wanted}"
        elif isinstance(node, SimpleNode) and node.func is ui.styles:
            for wanted in map(constant, node.args):
                if wanted is not None and finders.find(f"css/pages/{wanted}.css") is None:
                    yield f"{name}: there is no sheet {wanted}"
        elif isinstance(node, URLNode):
            wanted = constant(node.view_name)
            if wanted is not None and wanted not in names:
                yield f"{name}: there is no address {wanted}"
            elif wanted is not None and not node.args and not node.kwargs and not node.asvar:
                try:
                    reverse(wanted)
                except NoReverseMatch:
                    yield f"{name}: the address {wanted} needs arguments"
        elif isinstance(node, StaticNode):
            wanted = constant(node.path)
            if wanted is not None and finders.find(wanted) is None:
                yield f"{name}: there is no static file {wanted}"


def main() -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "almia.settings.test")
    django.setup()
    names = known_names()
    found: list[str] = []
    files = sorted(path for path in FOLDER.rglob("*") if path.suffix in {".html", ".txt"})
    for path in files:
        name = str(path.relative_to(FOLDER))
        source = COMMENT.sub("", path.read_text())
        found += [
            f"{name}:{number}: {len(line)} columns, {COLUMNS} at most"
            for number, line in enumerate(path.read_text().splitlines(), 1)
            if len(line) > COLUMNS
        ]
        found += [f"{name}: {what}" for what, pattern in INLINE if pattern.search(source)]
        try:
            template = engines["django"].get_template(name).template  # type: ignore[attr-defined]
        except (TemplateDoesNotExist, TemplateSyntaxError) as error:
            found.append(f"{name}: {error}")
            continue
        found += problems_of(name, template, names)
    for command in LINT, FORMAT:
        done = subprocess.run([*command, str(FOLDER)], capture_output=True, text=True, check=False)
        if done.returncode:
            found.append((done.stdout + done.stderr).strip())
    print("\n".join(dict.fromkeys(found)) or f"{len(files)} templates are in order.")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
