"""The four lists of the directory, as pages, files and imports name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from apps.core.missing import NotThere

from .model import Department, DirectoryEntry, Entity, JobRole, Site


@dataclass(frozen=True, slots=True)
class Kind:
    """`code`: in addresses. `column`: in files of people and claims of sign-ins. `person_field`: the person's field for it.
    `label`, `one`: what staff call the list and one entry of it."""

    code: str
    column: str
    person_field: str
    model: type[DirectoryEntry]
    icon: str
    label: Any
    one: Any

    @property
    def is_tree(self) -> bool:
        return self.model is Entity

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of its files."""
        return ("code", *self.model.NAMES, *(("parent",) if self.is_tree else ()))


ENTITIES = Kind("entities", "entity", "entity", Entity, "building", _("Entities"), _("Entity"))
KINDS = (
    ENTITIES,
    Kind("departments", "department", "department", Department, "layers", _("Departments"), _("Department")),
    Kind("sites", "site", "site", Site, "pin", _("Sites"), _("Site")),
    Kind("jobs", "job", "job_role", JobRole, "briefcase", _("Jobs"), _("Job")),
)
BY_CODE = {kind.code: kind for kind in KINDS}
BY_COLUMN = {kind.column: kind for kind in KINDS}
BY_MODEL = {kind.model: kind for kind in KINDS}


def kind_of(entry: DirectoryEntry) -> Kind:
    return BY_MODEL[type(entry)]


def kind_or_not_there(code: str) -> Kind:
    """Return the kind of this code. Raises NotThere."""
    if code not in BY_CODE:
        raise NotThere
    return BY_CODE[code]
