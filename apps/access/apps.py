from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class AccessConfig(AppConfig):
    name = "apps.access"
    verbose_name = _("Access")

    def ready(self) -> None:
        from apps.core import live

        from .gate import live_gate

        live.set_gate(live_gate)
