"""What is missing and what belongs to somebody else look the same: one error, wherever it is found out.

Pages answer 404, the API a problem with 404, the socket `not_found`: each in one place, and nothing else catches it. What a whole
page or product requires (a permission, a capability) is checked at its door, before anything is looked up, and answers 403.
"""

from __future__ import annotations

from typing import TypeVar

from django.core.exceptions import ObjectDoesNotExist
from django.db.models import Model, QuerySet
from django.http import Http404

M = TypeVar("M", bound=Model)


class NotThere(Http404):
    """What was asked for does not exist, or not for the person who asks."""


def get_or_not_there(things: QuerySet[M], **where: object) -> M:
    """Return the one of `things` whose fields have these values. Raises NotThere."""
    try:
        return things.get(**where)
    except ObjectDoesNotExist:
        raise NotThere from None
