from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from apps.access import capabilities

from .problems import Problems
from .reading import Source, read_text


@dataclass(frozen=True, slots=True)
class RequirementContent:
    """What one capability asks for."""

    capability: str
    trainings: dict[str, int]
    charter: bool


def read_requirements(path: Path, trainings: set[str], problems: Problems) -> list[RequirementContent]:
    """Return the shipped requirements. `trainings`: the codes that exist once the courses are published."""
    text = read_text(path, problems)
    source = Source(path, problems)
    top = source.compose(text) if text is not None else None
    if top is None:
        return []
    declared = {capability.code for capability in capabilities.all_capabilities()}
    found = []
    seen: set[str] = set()
    for node in top.listed("requirements", low=1, high=100):
        entry = source.fields(node)
        if entry is None:
            continue
        code = entry.text("capability")
        if code and code not in declared:
            source.complain(entry.find("capability"), f"no app declares the capability “{code}”")
        if code in seen:
            source.complain(node, f"the capability “{code}” is there twice")
        seen.add(code)
        asked: dict[str, int] = {}
        for line in entry.listed("trainings", low=0, high=50):
            training = source.fields(line)
            if training is None:
                continue
            name = training.identifier("training")
            asked[name] = training.integer("major", low=1, high=999)
            if name and name not in trainings:
                source.complain(line, f"no course proves the training “{name}”")
            training.end()
        charter = entry.find("charter")
        signed = source.boolean(charter) if charter is not None else False
        if not asked and not signed:
            source.complain(node, f"“{code}” asks for nothing: name a training or the charter")
        entry.end()
        found.append(RequirementContent(code, asked, signed))
    top.end()
    return found
