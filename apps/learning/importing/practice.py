from __future__ import annotations

from pathlib import Path

from apps.learning.content import ExerciseContent

from .problems import Problems
from .reading import Source, Unique, read_text

MAX_TRIES = 20


def read_exercises(path: Path, problems: Problems) -> tuple[ExerciseContent, ...]:
    """Return the exercises of `practice.yaml`; a course without that file has none."""
    if not path.exists():
        return ()
    text = read_text(path, problems)
    source = Source(path, problems)
    top = source.compose(text) if text is not None else None
    if top is None:
        return ()
    ids = Unique(source, "exercise")
    exercises = []
    for node in top.listed("exercises", low=1, high=100):
        entry = source.fields(node)
        if entry is None:
            continue
        code = entry.identifier()
        ids.note(code, path, source.line(node))
        material = entry.find("material")
        exercises.append(
            ExerciseContent(
                id=code,
                tries=entry.integer("tries", low=1, high=MAX_TRIES),
                task=entry.translated("task"),
                starter=entry.translated("starter"),
                look_for=tuple(source.translated(line) for line in entry.listed("look_for", low=2, high=4)),
                material=source.translated(material) if material is not None else None,
            )
        )
        entry.end()
    top.end()
    return tuple(exercises)
