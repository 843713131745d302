"""What this app writes into the audit trail, as staff read it. Loaded at start by `core.apps`."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from apps.core import audit

audit.declare(
    {
        "access.award": _("Award given"),
        "access.revoke_award": _("Award withdrawn"),
        "access.grant_waiver": _("Waiver granted"),
        "access.withdraw_waiver": _("Waiver withdrawn"),
        "access.sign_charter": _("Charter signed"),
        "access.publish_charter": _("Charter published"),
        "access.add_requirement": _("Requirement added"),
        "access.change_requirement": _("Requirement changed"),
        "access.remove_requirement": _("Requirement removed"),
        "access.define_training": _("Training defined"),
    }
)


def _told_training(details: dict[str, Any]) -> list[str]:
    if "major" not in details:
        return [details["training"]] if "training" in details else []
    return [gettext("%(training)s, version %(major)s") % {"training": details.get("training", ""), "major": details["major"]}]


audit.tell({"access.award": _told_training, "access.grant_waiver": _told_training})
