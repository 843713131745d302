from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class MessageState(models.TextChoices):
    """The state of an outbox message."""

    PENDING = "pending", _("Waiting")
    PUBLISHED = "published", _("Handed over")
    DONE = "done", _("Done")
    DEAD = "dead", _("Given up")


class Readiness(models.TextChoices):
    """How far a step of putting the portal into service is."""

    DONE = "done", _("Done")
    TODO = "todo", _("To do")
    FAILING = "failing", _("Failing")
