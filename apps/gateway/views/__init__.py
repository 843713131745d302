"""The staff's pages about models. Each asks for the permission itself."""

from __future__ import annotations

from django import forms
from django.contrib.auth.decorators import permission_required
from django.http import HttpRequest

from apps.accounts.models import User
from apps.gateway.services import RegistryError

may_manage = permission_required("gateway.manage_models", raise_exception=True)


def staff(request: HttpRequest) -> User:
    """The member of staff who asks; the permission was checked before."""
    assert request.user.is_authenticated
    return request.user


def blame(form: forms.BaseForm, error: RegistryError) -> None:
    """Put the service's sentence beside the field it belongs to."""
    form.add_error(error.field if error.field in form.fields else None, str(error))
