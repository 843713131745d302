from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GatewayConfig(AppConfig):
    name = "apps.gateway"
    verbose_name = _("Models")

    def ready(self) -> None:
        from apps.core import health

        from . import clients  # noqa: F401  registers its shutdown hook
        from .health import model_health

        health.register("model", model_health, critical=False)
