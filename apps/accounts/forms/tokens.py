from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from apps.accounts import scopes
from apps.accounts.models import PersonalToken

from .model_fields import field_of

LIFETIMES = [(30, _("30 days")), (90, _("90 days")), (180, _("6 months")), (365, _("1 year"))]


class SignOutForm(forms.Form):
    """Sign out everywhere; and whether to revoke programs' tokens too."""

    tokens = forms.BooleanField(label=_("Also revoke my API tokens"), required=False, initial=True)


class TokenForm(forms.Form):
    """A new personal token. `cleaned_data` is what `create_token` takes."""

    name = field_of(PersonalToken, "name", help_text=_("What will use it? For example: my spreadsheet."))
    scopes = forms.MultipleChoiceField(
        label=_("It may"), widget=forms.CheckboxSelectMultiple, error_messages={"required": _("Choose what this token may do.")}
    )
    days = forms.TypedChoiceField(label=_("It works for"), choices=LIFETIMES, coerce=int, initial=90)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(scope.code, scope.label) for scope in scopes.all_scopes()]
        self.fields["scopes"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        days = data.pop("days", None)
        if days:
            data["expires_at"] = timezone.now() + timedelta(days=days)
        return data
