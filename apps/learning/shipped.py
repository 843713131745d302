"""The shipped content, read and checked as a whole, and compared with what is published."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from django.conf import settings

from .importing import (
    CharterContent,
    Difference,
    ParsedCourse,
    Problems,
    RequirementContent,
    compare,
    read_charters,
    read_courses,
    read_jobs,
    read_requirements,
)
from .queries import charter_is_published_otherwise, published_snapshots, published_sources, training_codes


@dataclass(frozen=True, slots=True)
class Shipped:
    """What a content folder contains. `differences`: what publishing it would change in each course."""

    courses: list[ParsedCourse]
    charters: list[CharterContent]
    requirements: list[RequirementContent]
    differences: list[Difference]


def differences(courses: list[ParsedCourse], problems: Problems) -> list[Difference]:
    """Return what publishing would change; a version number that does not allow it is a problem."""
    published = published_snapshots()
    found = []
    for parsed in courses:
        difference = compare(published.get(parsed.content.id), parsed.content)
        if difference.refusal:
            problems.add(*parsed.version_at, difference.refusal)
        found.append(difference)
    return found


def read_shipped(folder: Path, problems: Problems) -> Shipped:
    """Return what `folder` contains, not fit to be published if there are problems. Unchanged published courses are not read."""
    courses = read_courses(folder / "courses", problems, known=published_sources())
    charters = read_charters(folder / "charter", problems)
    for charter in charters:
        if charter_is_published_otherwise(charter):
            problems.add(charter.path, 1, f"charter {charter.version} is published with another text: write a new version")
    trainings = training_codes() | {parsed.content.training for parsed in courses}
    requirements = read_requirements(folder / "requirements.yaml", trainings, problems)
    if (folder / "jobs.yaml").exists() or folder == settings.CONTENT_DIR:
        read_jobs(folder / "jobs.yaml", problems)
    # What cannot be read is not compared: it would look as if it were gone.
    return Shipped(courses, charters, requirements, [] if problems else differences(courses, problems))
