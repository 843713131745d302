"""The staff's pages about models. Each asks for the permission itself."""

from __future__ import annotations

from django import forms
from django.contrib.auth.decorators import permission_required

from apps.gateway.services import RegistryError

may_manage = permission_required("gateway.manage_models", raise_exception=True)


def blame(form: forms.BaseForm, error: RegistryError) -> None:
    """Put the service's sentence beside the field it belongs to."""
    form.add_error(error.field if error.field in form.fields else None, str(error))
