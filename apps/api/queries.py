from __future__ import annotations

import uuid

from apps.accounts.models import User


def get_person(user_id: uuid.UUID) -> User:
    """Return a person with their entity, department, site and job, in one query."""
    return User.objects.select_related("entity", "department", "site", "job_role").get(pk=user_id)
