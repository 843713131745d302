"""What this app writes into the audit trail, as staff read it. Loaded at start by `core.apps`."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from apps.core import audit

audit.declare(
    {
        "gateway.create_provider": _("Provider added"),
        "gateway.change_provider": _("Provider changed"),
        "gateway.change_model": _("Model changed"),
        "gateway.create_version": _("Model version added"),
        "gateway.change_version": _("Model version changed"),
        "gateway.adapt_version": _("Requests to a model version adapted to what its provider refuses"),
        "gateway.forget_adaptations": _("Adaptations of a model version forgotten"),
        "gateway.change_status": _("Status of a model version changed"),
        "gateway.create_alias": _("Alias added"),
        "gateway.change_alias": _("Alias changed"),
        "gateway.point_alias": _("Alias pointed to another version"),
        "gateway.register_embedded": _("Embedded model registered"),
        "gateway.register_from_environment": _("Provider registered from the settings"),
    }
)
