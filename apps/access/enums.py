from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AwardSource(models.TextChoices):
    """What proved a training."""

    COURSE = "course", _("Course passed in Almia")
    IMPORT = "import", _("Imported record")
    MANUAL = "manual", _("Entered by staff")


class ProofState(models.TextChoices):
    """How one requirement stands for one person."""

    MET = "met", _("Done")
    WAIVED = "waived", _("Waived")
    EXPIRED = "expired", _("Expired")
    OUTDATED = "outdated", _("To be done again: the content has changed")
    REVOKED = "revoked", _("Withdrawn")
    MISSING = "missing", _("To do")
