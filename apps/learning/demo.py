"""Which examples the demo world's jobs show."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from apps.accounts.models import JobRole

from .models import JobExamples

FAMILIES = {
    "gestionnaire-sante": "health-claims",
    "gestionnaire-prevoyance": "protection-claims",
    "conseiller-adherents": "member-advice",
    "conseiller-retraite": "pensions",
    "actuaire": "actuarial",
    "charge-etudes": "statistics",
    "commercial-entreprises": "sales",
    "chef-projet-marketing": "marketing",
    "redacteur": "writing",
    "juriste": "legal",
    "delegue-donnees": "legal",
    "charge-formation": "people-and-training",
    "controleur-gestion": "finance",
    "developpeur": "it",
    "responsable-equipe": "team-leaders",
}


def load_job_examples() -> None:
    """Assign the jobs that nobody has assigned yet."""
    for role in JobRole.objects.filter(code__in=FAMILIES, examples__isnull=True):
        JobExamples.objects.create(job_role=role, family=FAMILIES[role.code])


def sources() -> Iterator[Path]:
    """Yield the files this is made from."""
    yield Path(__file__)
