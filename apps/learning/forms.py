from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, JobRole

from .enums import LearnerState
from .jobs import families, guess


class LearnerFilter(forms.Form):
    """Search and filters of the people in a course. A value that cannot be read filters nothing."""

    q = forms.CharField(required=False, max_length=100, label=_("Name or e-mail address"))
    entity = forms.ModelChoiceField(Entity.objects.all(), required=False, label=_("Entity"), empty_label=_("All entities"))
    state = forms.ChoiceField(required=False, label=_("State"), choices=[("", _("All states")), *LearnerState.choices])

    def criteria(self) -> dict[str, Any]:
        """Return the arguments of `queries.learners`."""
        self.full_clean()
        data = getattr(self, "cleaned_data", {})
        return {
            "text": data.get("q") or "",
            "entity": data.get("entity"),
            "state": LearnerState(data["state"]) if data.get("state") else None,
        }

    def is_used(self) -> bool:
        return any(self.criteria().values())


@dataclass(frozen=True, slots=True)
class JobRow:
    """A job with its choice. `seen_as`: the field name under which the page sends back what it was rendered with: `seen`."""

    field: forms.BoundField
    seen_as: str
    seen: str


class JobExamplesForm(forms.Form):
    """Which family's examples each job shows. `BY_NAME`: the job's name decides; the label of that choice says for which family.

    One page of jobs at a time: only `roles` are read.
    """

    BY_NAME = "by-name"

    def __init__(self, data: Any = None, *, roles: Iterable[JobRole]) -> None:
        super().__init__(data)
        self._roles = {role.pk: role for role in roles}
        known = [(code, str(family.title)) for code, family in families().items()]
        self._names = dict(known)
        self._seen: dict[JobRole, str] = {}
        for role in self._roles.values():
            stored = role.examples.family if hasattr(role, "examples") else self.BY_NAME
            self._seen[role] = stored if data is None else data.get(f"seen-{role.pk}", self.BY_NAME)
            choices = [(self.BY_NAME, self._guessed(role)), *known]
            self.fields[f"job-{role.pk}"] = forms.ChoiceField(label=role.name, choices=choices, initial=stored)

    def rows(self) -> list[JobRow]:
        return [JobRow(self[f"job-{role.pk}"], f"seen-{role.pk}", self._seen[role]) for role in self._roles.values()]

    def chosen(self) -> dict[JobRole, str]:
        """Return the family chosen for each job, empty if its name decides."""
        return {role: self._family(self.cleaned_data[f"job-{role.pk}"]) for role in self._roles.values()}

    def seen(self) -> dict[JobRole, str]:
        """Return the family each job had when the page was rendered, empty if its name decided."""
        return {role: self._family(choice) for role, choice in self._seen.items()}

    def compare_with(self, stored: Mapping[JobRole, str]) -> None:
        """Show beside each of these jobs what is stored now; whoever saves the page again has seen it."""
        for role, family in stored.items():
            shown = self._names.get(family, family) if family else self._guessed(role)
            self.add_error(f"job-{role.pk}", gettext("Saved meanwhile: %(value)s") % {"value": shown})
            self._seen[role] = family or self.BY_NAME

    def _family(self, choice: str) -> str:
        return "" if choice == self.BY_NAME else choice

    def _guessed(self, role: JobRole) -> str:
        return gettext("By its name: %(family)s") % {"family": self._names.get(guess(role), "")}
