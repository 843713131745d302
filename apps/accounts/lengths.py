from __future__ import annotations

from django.db import models


def longest(model: type[models.Model], name: str) -> int:
    """Return how many signs a field of `model` holds: what comes in by another way than a form is measured by it."""
    field = model._meta.get_field(name)
    assert isinstance(field, models.CharField)
    assert field.max_length is not None
    return field.max_length
