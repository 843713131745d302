from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    name = "apps.access"
    verbose_name = _("Access")

    def ready(self) -> None:
        from apps.accounts import panels
        from apps.accounts.panels import Panel
        from apps.core import live, navigation
        from apps.core.navigation import Place, Tab

        from .gate import live_gate
        from .records import own_panel, staff_panel

        live.set_gate(live_gate)
        panels.declare(Panel("account", "access/_my_proofs.html", own_panel, order=10))
        panels.declare(Panel("person", "access/staff/_proofs.html", staff_panel, order=10))
        navigation.declare(Place(_("AI charter"), "file-text", "access:charter", area="own", order=20))
        navigation.declare(
            Place(
                _("Access"),
                "unlock",
                "access:requirements",
                area="staff",
                order=200,
                shown_to=lambda user: user.has_perm("access.manage_access"),
                active_under=("access",),
            )
        )
        navigation.declare_tabs(
            "access",
            _("Access"),
            Tab(_("Requirements"), "access:requirements"),
            Tab(_("Waivers"), "access:waivers"),
            Tab(_("Charter"), "access:charters"),
        )
