"""YAML that remembers its lines. Values are read node by node, so that every problem names the line it is on."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import yaml

from apps.accounts.organisation import problems_in
from apps.learning.content import Text

from .problems import Problems

IDENTIFIER = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
MAX_IDENTIFIER = 64
MAX_TITLE = 160
MAX_FILE_BYTES = 2_000_000
NOTHING = Text("", "")
_Loader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def read_text(path: Path, problems: Problems) -> str | None:
    """Return the text of `path`, or None with a problem when it is missing, too large or not UTF-8."""
    try:
        raw = path.read_bytes()
    except OSError:
        problems.add(path, 1, "the file is missing or cannot be read")
        return None
    if len(raw) > MAX_FILE_BYTES:
        problems.add(path, 1, "the file is larger than 2 MB")
        return None
    try:
        return raw.decode("utf-8").replace("\r\n", "\n").removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        problems.add(path, raw[: error.start].count(b"\n") + 1, "the file is not UTF-8")
        return None


@dataclass(slots=True)
class Source:
    """One YAML text: a file, or the front matter of one (`offset` lines into it)."""

    path: Path
    problems: Problems
    offset: int = 0

    def line(self, node: yaml.Node | None) -> int:
        return (node.start_mark.line + 1 if node is not None else 1) + self.offset

    def complain(self, node: yaml.Node | None, reason: str) -> None:
        self.problems.add(self.path, self.line(node), reason)

    def compose(self, text: str) -> Fields | None:
        """Return the mapping that `text` is, or None with a problem."""
        try:
            node = yaml.compose(text, Loader=_Loader)
        except yaml.MarkedYAMLError as error:
            mark = error.problem_mark or error.context_mark
            self.problems.add(self.path, (mark.line + 1 if mark else 1) + self.offset, f"not valid YAML: {error.problem}")
            return None
        except yaml.YAMLError as error:
            self.problems.add(self.path, 1 + self.offset, f"not valid YAML: {str(error).splitlines()[0]}")
            return None
        except RecursionError:
            self.problems.add(self.path, 1 + self.offset, "not valid YAML: nested too deeply")
            return None
        if node is None:
            self.problems.add(self.path, 1 + self.offset, "the file is empty")
            return None
        return self.fields(node)

    # Values: each returns a usable placeholder beside the problem, so that reading continues and finds the next one -----
    def fields(self, node: yaml.Node) -> Fields | None:
        if not isinstance(node, yaml.MappingNode):
            self.complain(node, "expected keys and values here")
            return None
        return Fields(self, node)

    def text(self, node: yaml.Node, *, what: str = "a text", longest: int | None = None) -> str:
        if not isinstance(node, yaml.ScalarNode) or not node.tag.endswith(":str"):
            self.complain(node, f"expected {what} here (put it in quotes)")
            return ""
        value = str(node.value).strip()
        if not value:
            self.complain(node, f"{what} is empty".capitalize() if what == "a text" else f"{what} is empty")
        if longest and len(value) > longest:
            self.complain(node, f"longer than {longest} characters")
        return value

    def shown(self, node: yaml.Node, *, language: str, what: str = "a text", longest: int | None = None) -> str:
        """Read a text that people see, in `language`; an unknown variable is a problem."""
        value = self.text(node, what=what, longest=longest)
        block = isinstance(node, yaml.ScalarNode) and node.style in {"|", ">"}
        for line, problem in problems_in(value, language):
            self.problems.add(self.path, self.line(node) + (line + 1 if block else 0), problem)
        return value

    def identifier(self, node: yaml.Node, *, what: str = "an id") -> str:
        value = self.text(node, what=what)
        if value and (not IDENTIFIER.fullmatch(value) or len(value) > MAX_IDENTIFIER):
            self.complain(node, f"“{value}” is not {what}: lower-case letters, digits and hyphens, at most {MAX_IDENTIFIER}")
        return value

    def integer(self, node: yaml.Node, *, low: int, high: int) -> int:
        if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":int"):
            try:
                value = int(str(node.value))
            except ValueError:
                value = low - 1
            if low <= value <= high:
                return value
        self.complain(node, f"expected a whole number from {low} to {high}")
        return low

    def boolean(self, node: yaml.Node) -> bool:
        if isinstance(node, yaml.ScalarNode) and node.tag.endswith(":bool"):
            return str(node.value).lower() in {"true", "yes", "on"}
        self.complain(node, "expected true or false")
        return False

    def day(self, node: yaml.Node) -> date:
        try:
            return date.fromisoformat(str(node.value))
        except ValueError:
            self.complain(node, "expected a date, as in 2027-01-31")
            return date.min

    def one_of(self, node: yaml.Node, options: tuple[str, ...]) -> str:
        value = self.text(node)
        if value and value not in options:
            self.complain(node, f"“{value}” is not one of: {', '.join(options)}")
        return value if value in options else options[0]

    def translated(self, node: yaml.Node, *, longest: int | None = None) -> Text:
        """Read `{fr: …, en: …}`; a missing or empty language is a problem."""
        entry = self.fields(node)
        if entry is None:
            return NOTHING
        values = {}
        for language in ("fr", "en"):
            value = entry.take(language, missing=f"the {'French' if language == 'fr' else 'English'} text is missing")
            values[language] = self.shown(value, language=language, longest=longest) if value is not None else ""
        entry.end()
        return Text(**values)

    def listed(self, node: yaml.Node, *, low: int, high: int, what: str) -> list[yaml.Node]:
        if not isinstance(node, yaml.SequenceNode):
            self.complain(node, f"expected a list of {what}")
            return []
        if not low <= len(node.value) <= high:
            wanted = f"{low} to {high}" if high < 500 else f"at least {low}"
            self.complain(node, f"{wanted} {what} expected, {len(node.value)} found")
        return list(node.value)


class Fields:
    """The keys of one mapping. Any key not read before `end()` is unknown."""

    def __init__(self, source: Source, node: yaml.MappingNode) -> None:
        self.source, self.node = source, node
        self._values: dict[str, tuple[yaml.Node, yaml.Node]] = {}
        self._known: list[str] = []
        for key, value in node.value:
            name = str(key.value) if isinstance(key, yaml.ScalarNode) else "?"
            if name in self._values:
                source.complain(key, f"the key “{name}” is there twice")
            else:
                self._values[name] = (key, value)

    def find(self, name: str) -> yaml.Node | None:
        """Return the value of an optional key."""
        self._known.append(name)
        return self._values[name][1] if name in self._values else None

    def take(self, name: str, *, missing: str | None = None) -> yaml.Node | None:
        """Return the value of a key that must be there; its absence is a problem."""
        value = self.find(name)
        if value is None:
            self.source.complain(self.node, missing or f"the key “{name}” is missing")
        return value

    def end(self) -> None:
        """Complain about every key that nobody asked for."""
        for name, (key, _) in self._values.items():
            if name not in self._known:
                self.source.complain(key, f"unknown key “{name}” (known here: {', '.join(self._known)})")

    # The common cases, with their placeholder if the key is missing ------------------------------------------------------
    def text(self, name: str, *, longest: int | None = None) -> str:
        node = self.take(name)
        return self.source.text(node, what=f"the {name}", longest=longest) if node is not None else ""

    def shown(self, name: str, *, language: str, longest: int | None = None) -> str:
        node = self.take(name)
        return self.source.shown(node, language=language, what=f"the {name}", longest=longest) if node is not None else ""

    def identifier(self, name: str = "id") -> str:
        node = self.take(name)
        return self.source.identifier(node, what=f"a valid {name}") if node is not None else ""

    def integer(self, name: str, *, low: int, high: int) -> int:
        node = self.take(name)
        return self.source.integer(node, low=low, high=high) if node is not None else low

    def translated(self, name: str, *, longest: int | None = None) -> Text:
        node = self.take(name)
        return self.source.translated(node, longest=longest) if node is not None else NOTHING

    def listed(self, name: str, *, low: int, high: int) -> list[yaml.Node]:
        node = self.take(name)
        return self.source.listed(node, low=low, high=high, what=name) if node is not None else []

    def one_of(self, name: str, options: tuple[str, ...]) -> str:
        node = self.take(name)
        return self.source.one_of(node, options) if node is not None else options[0]


class Unique:
    """Detects an id that was used before."""

    def __init__(self, source: Source, what: str) -> None:
        self._source, self._what = source, what
        self._seen: dict[str, tuple[str, int]] = {}

    def note(self, value: str, path: Path, line: int) -> bool:
        """Remember `value`; return False, with a problem, if it was used already."""
        if not value:
            return False
        if value in self._seen:
            name, first = self._seen[value]
            where = f"line {first}" if name == path.name else f"{name}:{first}"
            self._source.problems.add(path, line, f"the {self._what} id “{value}” is used twice (first in {where})")
            return False
        self._seen[value] = (path.name, line)
        return True

    def __contains__(self, value: str) -> bool:
        return value in self._seen
