"""What AI does for somebody's own job: which family of jobs theirs belongs to, and its examples."""

from __future__ import annotations

import logging
import re
from functools import cache
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.utils.translation import gettext as _

from apps.accounts.models import JobRole
from apps.core.text import folded

from .importing import EVERYONE, JobFamily, Problems, read_jobs

if TYPE_CHECKING:
    from apps.accounts.models import User

logger = logging.getLogger("almia.jobs")
_BETWEEN_WORDS = re.compile(r"[^0-9a-z]+")


@cache
def families() -> dict[str, JobFamily]:
    """Return the families of jobs by their code, as shipped. Empty, and logged, if the file cannot be used."""
    problems = Problems(settings.CONTENT_DIR)
    found = read_jobs(settings.CONTENT_DIR / "jobs.yaml", problems)
    if problems:
        logger.error("No examples by job: %s", "; ".join(str(problem) for problem in problems.in_order()))
        return {}
    return {family.code: family for family in found}


def guess(role: JobRole) -> str:
    """Return the code of the family that the names of `role` point to: the longest matching words count, else everyone's."""
    name = f" {_BETWEEN_WORDS.sub(' ', folded(f'{role.name_fr} / {role.name_en}'))} "
    fitting = [(len(word), family.code) for family in families().values() for word in family.words if f" {word}" in name]
    return max(fitting, key=lambda fit: fit[0])[1] if fitting else EVERYONE


def family_of(role: JobRole | None, chosen: str | None) -> JobFamily | None:
    """Return the family whose examples somebody with `role` sees. `chosen`: what staff chose, if they did; a family that
    is no longer shipped counts as not chosen. None if no examples ship."""
    known = families()
    if role is None:
        return known.get(EVERYONE)
    return known.get(chosen or "") or known.get(guess(role))


def examples_card(user: User) -> dict[str, Any] | None:
    """Return what the home page tells somebody on their way about what AI does for their job. One query at most."""
    role = JobRole.objects.filter(pk=user.job_role_id).select_related("examples").first() if user.job_role_id else None
    family = family_of(role, role.examples.family if role is not None and hasattr(role, "examples") else None)
    if family is None:
        return None
    title = _("What AI will do in your job") if family.code != EVERYONE else _("What AI will do for you")
    return {"title": title, "job": role.name if role is not None else "", "examples": family.examples}
