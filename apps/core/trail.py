"""What core itself and the portal write into the audit trail, as staff read it. Loaded at start by `core.apps`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.core import audit

audit.declare(
    {
        "core.replay_task": _("Background task replayed"),
        "core.verify_audit": _("Audit trail verified"),
    }
)
