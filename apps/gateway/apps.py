from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GatewayConfig(AppConfig):
    name = "apps.gateway"
    verbose_name = _("Models")

    def ready(self) -> None:
        from apps.accounts.enums import Role
        from apps.accounts.roles import grant
        from apps.core import health, navigation

        from . import clients  # noqa: F401  registers its shutdown hook
        from .health import model_health
        from .policies import can_manage_models

        grant(Role.ADMINISTRATOR, "gateway.manage_models", "gateway.use_previews")
        navigation.declare(
            navigation.Place(_("Models"), "cpu", "gateway:models", area="staff", order=300, shown_to=can_manage_models)
        )
        navigation.declare_tabs(
            "models",
            _("Models"),
            navigation.Tab(_("Models"), "gateway:models"),
            navigation.Tab(_("Providers"), "gateway:providers"),
            navigation.Tab(_("Usage"), "gateway:usage"),
        )
        health.register("model", model_health, critical=False)
