from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from apps.access.models import Award
    from apps.accounts.models import User

    from .models import CourseVersion, Enrolment

# A proof may be renewed this long before it ends, so that nobody has to lose a right to keep it.
RENEW_WITHIN = timedelta(days=60)


def can_manage_courses(user: User) -> bool:
    """Who sees the staff pages of courses."""
    return user.is_active and user.has_perm("learning.manage_courses")


def can_open_cycle(enrolment: Enrolment, award: Award | None, version: CourseVersion, now: datetime) -> bool:
    """Whether a completed course may be taken again. `award`: the proof that counts now, if one does."""
    if enrolment.completed_at is None:
        return False
    if award is None or award.major < version.major:
        return True
    return award.expires_at is not None and award.expires_at - now <= RENEW_WITHIN
