from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Theme(models.TextChoices):
    AUTO = "auto", _("As on this device")
    LIGHT = "light", _("Light")
    DARK = "dark", _("Dark")


class Role(models.TextChoices):
    """What somebody may do besides using Almia. Each role is a Django group of the same name."""

    CHAMPION = "champion", _("AI champion")
    TRAINER = "trainer", _("Trainer")
    ADMINISTRATOR = "administrator", _("Administrator")


class PersonState(models.TextChoices):
    """How an account stands, to filter by."""

    ACTIVE = "active", _("Open")
    NEVER_CAME = "never", _("Open, has never signed in")
    CLOSED = "closed", _("Closed")
