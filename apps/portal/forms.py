from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import User
from apps.accounts.queries import find_person
from apps.core import audit

# The first and last days of the calendar have no neighbour to compare with.
DAYS = [MinValueValidator(date(2000, 1, 1)), MaxValueValidator(date(2999, 12, 31))]


class PersonField(forms.CharField):
    """Somebody, by e-mail address; or by id, as links name people. Its value is the person."""

    found: User | None = None

    def clean(self, value: Any) -> User | None:
        text = super().clean(value)
        if not text:
            return None
        self.found = find_person(text)
        if self.found is None:
            raise forms.ValidationError(_("Nobody has this e-mail address."), code="unknown")
        return self.found

    def prepare_value(self, value: Any) -> Any:
        return self.found.email if self.found is not None else value


class AuditFilter(forms.Form):
    """Which entries of the audit trail to show. `names_people`: whether they may be searched by person."""

    action = forms.ChoiceField(label=_("Action"), required=False)
    person = PersonField(label=_("Person (e-mail address)"), required=False, max_length=254)
    since = forms.DateField(label=_("From"), required=False, widget=forms.DateInput({"type": "date"}), validators=DAYS)
    until = forms.DateField(label=_("To"), required=False, widget=forms.DateInput({"type": "date"}), validators=DAYS)

    def __init__(self, *args: Any, actions: list[str], names_people: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not names_people:
            del self.fields["person"]
        field = self.fields["action"]
        assert isinstance(field, forms.ChoiceField)
        field.choices = [
            ("", _("All actions")),
            *sorted(((action, audit.label_of(action)) for action in actions), key=lambda choice: choice[1]),
        ]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        since, until = cleaned.get("since"), cleaned.get("until")
        if since and until and until < since:
            self.add_error("until", _("This day is before the first one."))
        return cleaned
