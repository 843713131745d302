from __future__ import annotations

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    name = "apps.api"
    verbose_name = _("API")

    def ready(self) -> None:
        from apps.accounts import scopes

        from . import openapi  # noqa: F401  registers how authentication is described
        from .permissions import CHAT, READ, WRITE

        scopes.declare(READ, _("See your profile, your rights, the courses and your progress"))
        scopes.declare(CHAT, _("Read your conversations"))
        scopes.declare(WRITE, _("Change and delete what the other rights let it see"))
