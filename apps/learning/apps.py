from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class LearningConfig(AppConfig):
    name = "apps.learning"
    verbose_name = _("Learning")

    def ready(self) -> None:
        from apps.access import capabilities
        from apps.core.navigation import Place, declare

        from .queries import training_url

        capabilities.offer_training_link(training_url)
        declare(
            Place(
                label=_("Learn"),
                icon="book-open",
                url_name="learning:catalogue",
                order=20,
                active_under=("learning",),
            )
        )
