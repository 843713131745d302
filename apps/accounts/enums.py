from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


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
    """The states of an account, to filter by."""

    ACTIVE = "active", _("Open")
    NEVER_CAME = "never", _("Open, has never signed in")
    CLOSED = "closed", _("Closed")


class RefusalReason(models.TextChoices):
    """Why an address did not open the account that holds it."""

    UNVERIFIED = "unverified", _("The company’s sign-in does not confirm the address")
    CLOSED = "closed", _("The account is closed")
    OTHER_IDENTITY = "other_identity", _("The account belongs to another identity")
    USED = "used", _("The account is in use already")
    ROLE = "role", _("The account carries a role")
    RULE = "rule", _("The rules match nobody by their address")
    NEW_ADDRESS = "new_address", _("The new address belongs to another account")


class Decision(models.TextChoices):
    """What staff decide about a refused sign-in."""

    SAME = "same"
    ANOTHER = "another"
    DISMISS = "dismiss"


class ImportState(models.TextChoices):
    """How far an import of people is. The last four are final: its file is gone."""

    COLUMNS = "columns", _("Waits for its columns")
    CHECKING = "checking", _("Being checked")
    CHECKED = "checked", _("Checked")
    APPLYING = "applying", _("Being applied")
    DONE = "done", pgettext_lazy("import", "Done")
    CANCELLED = "cancelled", _("Cancelled")
    FAILED = "failed", pgettext_lazy("import", "Failed")
    EXPIRED = "expired", pgettext_lazy("import", "Expired")


class Outcome(models.TextChoices):
    """What becomes of one line of an import. Its wording depends on whether it has been applied (`views.imports`)."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    WRONG = "wrong"
