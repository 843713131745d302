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
        from apps.core import navigation, search
        from apps.core.navigation import Place

        from . import sources
        from .navigation import has_staff_area
        from .staff import trail_panel

        grant(Role.ADMINISTRATOR, "core.manage_tasks", "core.read_audit")
        navigation.declare(Place(_("Home"), "home", "portal:home", order=10))
        navigation.declare(Place(_("Overview"), "gauge", "portal:staff", area="staff", order=0, shown_to=has_staff_area))
        navigation.declare(
            Place(
                _("Background tasks"),
                "activity",
                "portal:tasks",
                area="staff",
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
                order=910,
                shown_to=lambda user: user.has_perm("core.read_audit"),
            )
        )
        panels.declare(panels.Panel("person", "portal/staff/_person_trail.html", trail_panel, order=90))
        for source in (
            search.Source("places", _("Pages"), sources.find_places, order=10, when_empty=True),
            search.Source("conversations", _("Your conversations"), sources.find_conversations, order=20, when_empty=True),
            search.Source("courses", _("Courses and lessons"), sources.find_courses, order=30),
            search.Source("people", _("People"), sources.find_people, order=40),
        ):
            search.register(source)
