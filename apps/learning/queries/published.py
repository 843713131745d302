"""What is published."""

from __future__ import annotations

from apps.access.models import Charter, Training
from apps.learning.content import CourseContent
from apps.learning.importing import CharterContent
from apps.learning.models import CourseSnapshot


def published_snapshots() -> dict[str, CourseContent]:
    """Return the current content of each course, by its code."""
    snapshots = CourseSnapshot.objects.filter(version__current_of__isnull=False).select_related("version")
    return {snapshot.version.course_id: snapshot.read() for snapshot in snapshots}


def published_sources() -> frozenset[str]:
    """Return the hashes of the files that the current versions were read from."""
    current = CourseSnapshot.objects.filter(version__current_of__isnull=False)
    return frozenset(current.values_list("source_hash", flat=True))


def training_codes() -> set[str]:
    """Return the codes of all trainings."""
    return set(Training.objects.values_list("code", flat=True))


def charter_is_published_otherwise(charter: CharterContent) -> bool:
    """Whether this version of the charter is already published with another text: a different text needs a new version."""
    known = Charter.objects.filter(version=charter.version).first()
    return known is not None and (
        {"fr": known.title_fr, "en": known.title_en} != charter.titles
        or {"fr": known.body_fr, "en": known.body_en} != charter.bodies
        or known.effective_on != charter.effective_on
    )
