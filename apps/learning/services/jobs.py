from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.db import transaction

from apps.accounts.models import JobRole
from apps.core import audit
from apps.learning.models import JobExamples

if TYPE_CHECKING:
    from apps.accounts.models import User


@transaction.atomic
def choose_job_examples(*, families: Mapping[JobRole, str], actor: User | None) -> int:
    """Say which family's examples each job shows; an empty one leaves it to the job's name. Return how many jobs changed.

    Writes one audit entry that names the jobs that changed, if any did.
    """
    chosen = dict(JobExamples.objects.select_for_update().values_list("job_role", "family"))
    changed = {role: family for role, family in families.items() if chosen.get(role.pk, "") != family}
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
