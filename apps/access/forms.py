from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class CharterForm(forms.Form):
    """The signature: which version was read, and that it was."""

    version = forms.IntegerField(min_value=1, widget=forms.HiddenInput)
    read = forms.BooleanField(
        label=_("I have read the charter and I undertake to follow it."),
        error_messages={"required": _("Tick the box to sign.")},
    )
