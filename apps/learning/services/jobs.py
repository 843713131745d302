from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction

from apps.accounts.models import JobRole
from apps.core import audit
from apps.learning.errors import ChosenMeanwhile
from apps.learning.models import JobExamples

if TYPE_CHECKING:
    from apps.accounts.models import User


@transaction.atomic
def choose_job_examples(*, families: Mapping[JobRole, str], seen: Mapping[JobRole, str], actor: User | None) -> int:
    """Set which family's examples each job shows; an empty one leaves it to the job's name. Return how many jobs changed.

    `seen`: what was chosen for each job when the page was rendered; a job left unchanged on the page keeps its current value.
    Writes one audit entry that names the jobs that changed, if any did. Raises ChosenMeanwhile, and changes nothing, if somebody
    else has chosen differently for a job that is to change.
    """
    # The jobs themselves are locked, in a fixed order: a job for which nobody has chosen has no row to lock.
    roles = {role.pk: role for role in families}
    list(JobRole.objects.select_for_update().filter(pk__in=roles).order_by("pk").values_list("pk"))
    stored = dict(JobExamples.objects.filter(job_role__in=roles).values_list("job_role", "family"))
    wanted = {role: family for role, family in families.items() if family != seen.get(role, "")}
    meanwhile = {role: now for role in wanted if (now := stored.get(role.pk, "")) not in {seen.get(role, ""), wanted[role]}}
    if meanwhile:
        raise ChosenMeanwhile(meanwhile)
    changed = {role: family for role, family in wanted.items() if stored.get(role.pk, "") != family}
    if not changed:
        return 0
    JobExamples.objects.filter(job_role__in=[role for role, family in changed.items() if not family]).delete()
    JobExamples.objects.bulk_create(
        [JobExamples(job_role=role, family=family) for role, family in changed.items() if family],
        update_conflicts=True,
        unique_fields=["job_role"],
        update_fields=["family"],
    )
    audit.record(
        actor=actor,
        action="learning.choose_job_examples",
        target="learning.JobExamples",
        details={"changed": {role.code: family for role, family in changed.items()}},
    )
    return len(changed)
