from __future__ import annotations

from django.urls import URLPattern, URLResolver, path

from .views import pages, staff

app_name = "portal"
urlpatterns: list[URLPattern | URLResolver] = [
    path("", pages.home, name="home"),
    path("navigation/", pages.navigation, name="navigation"),
    path("palette/", pages.palette, name="palette"),
    path("robots.txt", pages.robots, name="robots"),
    path("ws/", pages.socket, name="socket"),
    path("staff/", staff.overview, name="staff"),
    path("staff/setting-up/", staff.setting_up, name="setting_up"),
    path("staff/tasks/", staff.tasks, name="tasks"),
    path("staff/tasks/<uuid:message_id>/replay/", staff.replay_task, name="replay_task"),
    path("staff/audit/", staff.audit, name="audit"),
    path("staff/audit/people/<uuid:person_id>/", staff.person_history, name="person_history"),
    path("staff/audit/verification/", staff.verification, name="verification"),
]
