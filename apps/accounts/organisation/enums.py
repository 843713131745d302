from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Elision(models.TextChoices):
    """Whether “de” and “que” lose their e before the company’s name."""

    BY_LETTER = "letter", _("As its first letter says")
    YES = "yes", _("Yes: d’Hermine, qu’Hermine")
    NO = "no", _("No: de Hermine, que Hermine")

    @property
    def says(self) -> bool | None:
        """None: the first letter decides."""
        return None if self is Elision.BY_LETTER else self is Elision.YES


class DataClass(models.TextChoices):
    """How far a piece of information may go: the four classes that the courses teach."""

    PUBLIC = "public", _("Public")
    INTERNAL = "internal", _("Internal")
    CONFIDENTIAL = "confidential", _("Confidential")
    SECRET = "secret", _("Secret")
