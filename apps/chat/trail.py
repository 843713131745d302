"""What this app writes into the audit trail, as staff read it. Loaded at start by `core.apps`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.core import audit

audit.declare(
    {
        "chat.create_conversation": _("Conversation begun"),
        "chat.delete_conversation": _("Conversation deleted"),
    }
)
