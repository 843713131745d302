from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class PortalConfig(AppConfig):
    name = "apps.portal"
    verbose_name = _("Portal")

    def ready(self) -> None:
        from apps.accounts import panels
        from apps.accounts.enums import Role
        from apps.accounts.roles import grant
        from apps.core import attention, navigation, search
        from apps.core.navigation import Group, Place

        from .attention import setting_up_left, tasks_given_up
        from .history import history_panel
        from .navigation import has_staff_area
        from .search import find_places

        grant(Role.ADMINISTRATOR, "core.manage_tasks", "core.read_audit", "core.set_up")
        attention.declare(attention.Look("core.tasks", _("Background tasks"), "core.manage_tasks", tasks_given_up, order=10))
        navigation.declare_group("operation", Group(_("Operation"), order=900))
        navigation.declare(Place(_("Home"), "home", "portal:home", order=10, bar=1))
        attention.declare(attention.Look("core.setting_up", _("Setting up"), "core.set_up", setting_up_left, order=5))
        navigation.declare(Place(_("Overview"), "gauge", "portal:staff", area="staff", order=0, shown_to=has_staff_area))
        navigation.declare(
            Place(
                _("Setting up"),
                "clipboard-check",
                "portal:setting_up",
                area="staff",
                order=10,
                shown_to=lambda user: user.has_perm("core.set_up"),
            )
        )
        navigation.declare(
            Place(
                _("Background tasks"),
                "activity",
                "portal:tasks",
                area="staff",
                group="operation",
                order=900,
                shown_to=lambda user: user.has_perm("core.manage_tasks"),
            )
        )
        navigation.declare(
            Place(
                _("Audit trail"),
                "list-checks",
                "portal:audit",
                area="staff",
                group="operation",
                order=910,
                shown_to=lambda user: user.has_perm("core.read_audit"),
            )
        )
        panels.declare(panels.Panel("person", "portal/staff/_person_history.html", history_panel, order=90))
        search.declare(search.Source("places", _("Pages"), find_places, order=10, when_empty=True))
