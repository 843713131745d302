from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class MessageState(models.TextChoices):
    """Where an outbox message stands."""

    PENDING = "pending", _("Waiting")
    PUBLISHED = "published", _("Handed over")
    DONE = "done", _("Done")
    DEAD = "dead", _("Given up")
