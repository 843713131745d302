from django.apps import AppConfig
from django.utils.module_loading import autodiscover_modules


class CoreConfig(AppConfig):
    name = "apps.core"
    verbose_name = "Core"

    def ready(self) -> None:
        # All models are loaded here. Registries must be complete in every process: web, worker or beat.
        autodiscover_modules("tasks", "commands", "trail")
        from celery import current_app

        from . import checks, lifespan, loading, past  # noqa: F401  checks register themselves
        from .crypto.providers import check_key_provider
        from .schedule import beat_schedule

        current_app.conf.beat_schedule = beat_schedule()
        lifespan.on_startup(check_key_provider)
        loading.declare(loading.Load("core.past", past.load, order=60, sources=past.sources, demo=True, once=True))
