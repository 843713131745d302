"""What AI does for people's jobs, as `content/jobs.yaml` says."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import yaml

from apps.core.text import folded
from apps.learning.content import Text

from .problems import Problems
from .reading import MAX_TITLE, Source, Unique, read_text

EVERYONE = "everyone"  # the family for everybody who has no other
EXAMPLES = 3
LONGEST = 220  # one sentence each, read on a phone


@dataclass(frozen=True, slots=True)
class JobExample:
    """`ask`: what people ask. `get`: what they get, and what they still have to check themselves."""

    title: Text
    ask: Text
    get: Text


@dataclass(frozen=True, slots=True)
class JobFamily:
    """Jobs that AI helps in the same way. `words`: beginnings of words in the names of these jobs, folded."""

    code: str
    title: Text
    words: tuple[str, ...]
    examples: tuple[JobExample, ...]


def read_jobs(path: Path, problems: Problems) -> list[JobFamily]:
    """Return the families of jobs, including the one for everyone."""
    text = read_text(path, problems)
    source = Source(path, problems)
    top = source.compose(text) if text is not None else None
    if top is None:
        return []
    unique, said = Unique(source, "family"), set[str]()
    found = []
    for node in top.listed("families", low=1, high=100):
        family = _family(source, node, said)
        if family is None:
            continue
        unique.note(family.code, path, source.line(node))
        found.append(family)
    if EVERYONE not in {family.code for family in found}:
        source.complain(top.node, f"the family “{EVERYONE}” is missing: it is for jobs that belong to no other")
    top.end()
    return found


def _family(source: Source, node: yaml.Node, said: set[str]) -> JobFamily | None:
    entry = source.fields(node)
    if entry is None:
        return None
    code = entry.identifier()
    title = entry.translated("title", longest=MAX_TITLE)
    words = []
    for line in entry.listed("words", low=0, high=50):
        word = source.text(line, what="a word")
        if word != folded(word):
            source.complain(line, f"write “{folded(word)}”: words are without capitals and accents")
        if word in said:
            source.complain(line, f"the word “{word}” is there twice: a job belongs to one family")
        said.add(word)
        words.append(word)
    if bool(words) == (code == EVERYONE):
        reason = "has no words: it is for all other jobs" if words else "needs words, or no job ever belongs to it"
        source.complain(node, f"the family “{code}” {reason}")
    examples = [_example(source, line) for line in entry.listed("examples", low=EXAMPLES, high=EXAMPLES)]
    entry.end()
    return JobFamily(code, title, tuple(words), tuple(example for example in examples if example is not None))


def _example(source: Source, node: yaml.Node) -> JobExample | None:
    entry = source.fields(node)
    if entry is None:
        return None
    example = JobExample(
        entry.translated("title", longest=40), entry.translated("ask", longest=LONGEST), entry.translated("get", longest=LONGEST)
    )
    entry.end()
    return example
