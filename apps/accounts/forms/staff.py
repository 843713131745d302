from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django import forms
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from apps.accounts.addresses import check_email, normal_email
from apps.accounts.directory import KINDS
from apps.accounts.enums import PersonState, Role
from apps.accounts.models import Entity, User

from .model_fields import field_of

if TYPE_CHECKING:
    ModelChoice = forms.ModelChoiceField[Any]
else:
    ModelChoice = forms.ModelChoiceField


class PersonalEmailField(forms.EmailField):
    """An address in the normalised spelling, before anything else looks at it."""

    default_validators = [check_email]

    def to_python(self, value: Any) -> str:
        return normal_email(super().to_python(value) or "")


class FilterChoice(ModelChoice):
    """An entry to filter by: a closed one is marked so, since people may be in it; a merged one says what it means now."""

    def label_from_instance(self, obj: Any) -> str:
        if obj.merged_into:
            return _("%(name)s (merged into %(into)s)") % {"name": obj, "into": obj.merged_into}
        return str(obj) if obj.is_open else _("%(name)s (closed)") % {"name": obj}


class PeopleFilter(forms.Form):
    """Search and filters of the list of people. A value that cannot be read filters nothing."""

    q = forms.CharField(required=False, max_length=100, label=_("Name or e-mail address"))
    entity = FilterChoice(
        Entity.objects.select_related("merged_into"), required=False, label=_("Entity"), empty_label=_("All entities")
    )
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
    """What staff may enter about a person: name, address, place. No role, no right, no password."""

    first_name = field_of(User, "first_name", required=True)
    last_name = field_of(User, "last_name", required=True)
    email = field_of(User, "email", form_class=PersonalEmailField)
    invite = forms.BooleanField(
        required=False,
        label=_("Send an invitation"),
        help_text=_("An e-mail with a link to choose a password, which works for a few days."),
    )

    def __init__(self, *args: Any, inviting: bool = False, person: User | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for kind in KINDS:
            # A closed entry cannot be chosen; people who are already in it may stay.
            present = getattr(person, f"{kind.person_field}_id") if person else None
            entries = kind.model._default_manager
            choices = entries.open() if present is None else entries.filter(Q(closed_at=None) | Q(pk=present))
            self.fields[kind.person_field] = field_of(User, kind.person_field, queryset=choices, empty_label="—")
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
        """Return what the form contains, apart from the address."""
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
