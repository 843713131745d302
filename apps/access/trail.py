"""What this app writes into the audit trail, as staff read it. Loaded at start by `core.apps`."""

from __future__ import annotations

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
