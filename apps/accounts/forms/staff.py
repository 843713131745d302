from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.addresses import check_email, normal_email
from apps.accounts.directory import KINDS
from apps.accounts.enums import PersonState, Role
from apps.accounts.models import Department, Entity, JobRole, Site, User


class PersonalEmailField(forms.EmailField):
    """An address in the spelling people are known by, before anything else looks at it."""

    default_validators = [check_email]

    def to_python(self, value: Any) -> str:
        return normal_email(super().to_python(value) or "")


class PeopleFilter(forms.Form):
    """Search and filters of the list of people. What cannot be read filters nothing."""

    q = forms.CharField(required=False, max_length=100, label=_("Name or e-mail address"))
    entity = forms.ModelChoiceField(Entity.objects.all(), required=False, label=_("Entity"), empty_label=_("All entities"))
    role = forms.ChoiceField(required=False, label=_("Role"), choices=[("", _("All roles")), *Role.choices])
    state = forms.ChoiceField(required=False, label=_("Account"), choices=[("", _("All accounts")), *PersonState.choices])

    def criteria(self) -> dict[str, Any]:
        """Return the arguments of `queries.find_people`."""
        self.full_clean()
        data = getattr(self, "cleaned_data", {})
        return {
            "text": data.get("q") or "",
            "entity": data.get("entity"),
            "role": Role(data["role"]) if data.get("role") else None,
            "state": PersonState(data["state"]) if data.get("state") else None,
        }

    def is_used(self) -> bool:
        return any(self.criteria().values())


class PersonForm(forms.Form):
    """What staff may say about a person: their name, their address, their place. No role, no right, no password."""

    first_name = forms.CharField(label=_("First name"), max_length=80)
    last_name = forms.CharField(label=_("Last name"), max_length=80)
    email = PersonalEmailField(label=_("E-mail address"), max_length=254)
    entity = forms.ModelChoiceField(Entity.objects.all(), required=False, label=_("Entity"), empty_label="—")
    department = forms.ModelChoiceField(Department.objects.all(), required=False, label=_("Department"), empty_label="—")
    site = forms.ModelChoiceField(Site.objects.all(), required=False, label=_("Site"), empty_label="—")
    job_role = forms.ModelChoiceField(JobRole.objects.all(), required=False, label=_("Job"), empty_label="—")
    invite = forms.BooleanField(
        required=False,
        label=_("Send an invitation"),
        help_text=_("A letter with a link to choose a password, which works for a few days."),
    )

    def __init__(self, *args: Any, inviting: bool = False, person: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in KINDS:
            field = self.fields[kind.person_field]
            assert isinstance(field, forms.ModelChoiceField)
            # What was closed cannot be chosen; where somebody is already, they may stay.
            present = getattr(person, f"{kind.person_field}_id") if person else None
            entries = kind.model._default_manager
            field.queryset = entries.open() if present is None else entries.filter(Q(closed_at=None) | Q(pk=present))
        if not inviting:
            del self.fields["invite"]

    @staticmethod
    def initial_for(person: User) -> dict[str, Any]:
        return {
            "first_name": person.first_name,
            "last_name": person.last_name,
            "email": person.email,
            "entity": person.entity_id,
            "department": person.department_id,
            "site": person.site_id,
            "job_role": person.job_role_id,
        }

    def changes(self) -> dict[str, Any]:
        """Return what the form says, apart from the address."""
        names = ("first_name", "last_name", "entity", "department", "site", "job_role")
        return {name: self.cleaned_data[name] for name in names}


class RolesForm(forms.Form):
    roles = forms.MultipleChoiceField(label=_("Roles"), choices=Role.choices, required=False, widget=forms.CheckboxSelectMultiple)


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why?"),
        max_length=500,
        help_text=_("It is kept in the audit trail."),
        error_messages={"required": _("Say why: it is kept in the audit trail.")},
    )
