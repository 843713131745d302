from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity, JobRole

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
    """Which family's examples each job shows. Nothing chosen: what the job's name points to, which the empty choice tells."""

    def __init__(self, data: Any = None, *, roles: Iterable[JobRole]) -> None:
        super().__init__(data)
        self._roles = {f"job-{role.pk}": role for role in roles}
        known = [(code, str(family.title)) for code, family in families().items()]
        names = dict(known)
        for name, role in self._roles.items():
            guessed = gettext("By its name: %(family)s") % {"family": names.get(guess(role), "")}
            self.fields[name] = forms.ChoiceField(required=False, label=role.name, choices=[("", guessed), *known])
            self.initial[name] = role.examples.family if hasattr(role, "examples") else ""

    def chosen(self) -> dict[JobRole, str]:
        return {role: self.cleaned_data[name] for name, role in self._roles.items()}
