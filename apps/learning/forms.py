from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import Entity

from .enums import LearnerState


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
