from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, JobRole
from apps.core.text import folded

from .enums import LearnerState
from .jobs import families, guess


class LearnerFilter(forms.Form):
    """Search and filters of the people in a course. What cannot be read filters nothing."""

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


class JobExamplesForm(forms.Form):
    """Which family's examples each job shows. `BY_NAME`: what the job's name points to, which that choice tells."""

    BY_NAME = "by-name"

    def __init__(self, data: Any = None, *, roles: Iterable[JobRole]) -> None:
        super().__init__(data)
        self._roles = {f"job-{role.pk}": role for role in sorted(roles, key=lambda role: folded(role.name))}
        known = [(code, str(family.title)) for code, family in families().items()]
        names = dict(known)
        for name, role in self._roles.items():
            guessed = gettext("By its name: %(family)s") % {"family": names.get(guess(role), "")}
            self.fields[name] = forms.ChoiceField(label=role.name, choices=[(self.BY_NAME, guessed), *known])
            self.initial[name] = role.examples.family if hasattr(role, "examples") else self.BY_NAME

    def chosen(self) -> dict[JobRole, str]:
        """Return the family chosen for each job, empty where its name decides."""
        chosen = {role: self.cleaned_data[name] for name, role in self._roles.items()}
        return {role: "" if family == self.BY_NAME else family for role, family in chosen.items()}
