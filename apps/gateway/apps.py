from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class GatewayConfig(AppConfig):
    name = "apps.gateway"
    verbose_name = _("Models")

    def ready(self) -> None:
        from apps.accounts.enums import Role
        from apps.accounts.roles import grant
        from apps.core import attention, health, live, loading, navigation, past, setting_up

        from . import clients  # noqa: F401  registers its shutdown hook
        from . import setting_up as looks
        from .attention import providers_failing, versions_ending
        from .health import model_health
        from .loading import sync_providers
        from .past import write_models, write_usage
        from .policies import can_manage_models
        from .queries import remedy_fields

        grant(Role.CHAMPION, "gateway.use_previews")
        grant(Role.ADMINISTRATOR, "gateway.manage_models", "gateway.use_previews")
        navigation.declare_group("ai", navigation.Group(_("AI and training"), order=300))
        navigation.declare(
            navigation.Place(
                _("Models"), "cpu", "gateway:models", area="staff", group="ai", order=300, shown_to=can_manage_models
            )
        )
        live.tell_more(remedy_fields)
        for look in (
            attention.Look("gateway.providers", _("Providers"), "gateway.manage_models", providers_failing, order=30),
            attention.Look("gateway.versions", _("Versions that end"), "gateway.manage_models", versions_ending, order=40),
        ):
            attention.declare(look)
        loading.declare(loading.Load("gateway.environment", sync_providers, order=40))
        navigation.declare_tabs(
            "models",
            _("Models"),
            navigation.Tab(_("Models"), "gateway:models"),
            navigation.Tab(_("Providers"), "gateway:providers"),
            navigation.Tab(_("Usage"), "gateway:usage"),
        )
        health.register("model", model_health, critical=False)
        past.declare(past.Chapter("models", write_models, order=45))
        past.declare(past.Chapter("usage", write_usage, order=60))
        for step in (
            setting_up.Step(
                "provider",
                _("Provider"),
                _("What answers: a model server, its address and its key."),
                "gateway.manage_models",
                looks.providers,
                "gateway:providers",
                _("Connect a provider"),
                order=50,
            ),
            setting_up.Step(
                "model",
                _("Standard model"),
                _("The version that answers whoever has chosen nothing."),
                "gateway.manage_models",
                looks.standard_model,
                "gateway:models",
                _("Choose the model"),
                order=60,
            ),
        ):
            setting_up.declare(step)
