from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class AwardSource(models.TextChoices):
    """What proved a training."""

    COURSE = "course", _("Course passed in Almia")
    IMPORT = "import", _("Imported record")
    MANUAL = "manual", _("Entered by staff")


class ProofState(models.TextChoices):
    """The state of one requirement for one person."""

    MET = "met", _("Done")
    WAIVED = "waived", _("Waived")
    EXPIRED = "expired", _("Expired")
    OUTDATED = "outdated", _("To be done again: the content has changed")
    REVOKED = "revoked", _("Withdrawn")
    MISSING = "missing", _("To do")


class StepState(models.TextChoices):
    """The state of one step of the way to a capability; the values are the classes of `components/path.html`."""

    TODO = "todo", _("To do")
    CURRENT = "current", _("In progress")
    DONE = "done", _("Passed")
    EXPIRED = "expired", _("To be taken again")
