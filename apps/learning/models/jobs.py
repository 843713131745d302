from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from apps.accounts.models import JobRole


class JobExamples(models.Model):
    """Which family staff assigned a job to: its examples are shown to people with that job. No row: the job's name decides."""

    job_role = models.OneToOneField(
        JobRole, primary_key=True, on_delete=models.CASCADE, related_name="examples", verbose_name=_("job")
    )
    family = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("examples of a job")

    def __str__(self) -> str:
        return f"{self.job_role_id}: {self.family}"
