from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    name = "apps.access"
    verbose_name = _("Access")

    def ready(self) -> None:
        from apps.accounts import panels
        from apps.accounts.enums import Role
        from apps.accounts.panels import Panel
        from apps.accounts.roles import grant
        from apps.core import api, attention, live, loading, navigation, past, setting_up
        from apps.core.navigation import Place, Tab

        from . import setting_up as looks
        from .attention import requirement_gaps, waivers_ending
        from .demo import load_proofs, sources
        from .gate import live_gate
        from .past import write_imports, write_signatures
        from .records import own_panel, staff_panel

        grant(Role.ADMINISTRATOR, "access.manage_access")
        api.declare("apps.access.api.views")
        live.set_gate(live_gate)
        loading.declare(loading.Load("access.demo", load_proofs, order=30, sources=sources, demo=True))
        panels.declare(Panel("account", "access/_my_proofs.html", own_panel, order=10))
        panels.declare(Panel("person", "access/staff/_proofs.html", staff_panel, order=10))
        for look in (
            attention.Look("access.requirements", _("Requirements"), "access.manage_access", requirement_gaps, order=50),
            attention.Look("access.waivers", _("Waivers"), "access.manage_access", waivers_ending, order=60),
        ):
            attention.declare(look)
        navigation.declare(Place(_("AI charter"), "file-text", "access:charter", area="own", order=20))
        navigation.declare(
            Place(
                _("Access"),
                "unlock",
                "access:requirements",
                area="staff",
                group="people",
                order=200,
                shown_to=lambda user: user.has_perm("access.manage_access"),
                active_under=("access",),
            )
        )
        past.declare(past.Chapter("proofs from elsewhere", write_imports, order=20))
        past.declare(past.Chapter("signatures", write_signatures, order=40))
        navigation.declare_tabs(
            "access",
            _("Access"),
            Tab(_("Requirements"), "access:requirements"),
            Tab(_("Waivers"), "access:waivers"),
            Tab(_("Charter"), "access:charters"),
        )
        for step in (
            setting_up.Step(
                "charter",
                _("Charter"),
                _("What everybody signs before they use AI."),
                "access.manage_access",
                looks.charter,
                "access:charters",
                _("Publish the charter"),
                order=80,
            ),
            setting_up.Step(
                "requirements",
                _("Requirements"),
                _("What people must have passed and signed before AI opens to them."),
                "access.manage_access",
                looks.requirements,
                "access:requirements",
                _("Say what opens AI"),
                order=90,
            ),
        ):
            setting_up.declare(step)
