from __future__ import annotations

from django.db import models


def longest(model: type[models.Model], name: str) -> int:
    """Return how many characters a field of `model` holds: what comes in otherwise than by a form is checked against it."""
    field = model._meta.get_field(name)
    assert isinstance(field, models.CharField)
    assert field.max_length is not None
    return field.max_length
