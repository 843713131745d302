from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GatewayConfig(AppConfig):
    name = "apps.gateway"
    verbose_name = _("Models")

    def ready(self) -> None:
        from apps.core import health, lifespan

        from . import streaming
        from .health import model_health

        lifespan.on_shutdown(streaming.close_clients)
        health.register("model", model_health, critical=False)
