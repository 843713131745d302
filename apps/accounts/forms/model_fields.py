from __future__ import annotations

from typing import Any

from django import forms
from django.db import models


def field_of(model: type[models.Model], name: str, **options: Any) -> forms.Field:
    """Return the form field of a model's field, so that label and length are defined once. `options`: what is different."""
    field = model._meta.get_field(name)
    assert isinstance(field, models.Field)
    made = field.formfield(**options)
    assert made is not None
    return made
