"""Start everything, in one process beside the model's."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import translation

from apps.server.errors import CannotServe


class Command(BaseCommand):
    help = "Start the try-out: the portal, the task worker, the scheduler and the embedded model. Ctrl-C stops them all."
    requires_system_checks = ()  # `make check` runs them; here they would cost a second of every start
    requires_migrations_checks = False

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
        parser.add_argument("--no-model", action="store_true", help="leave the embedded model out")
        parser.add_argument("--no-workers", action="store_true", help="leave the task worker and the scheduler out")

    def handle(self, *args: Any, host: str, no_model: bool, no_workers: bool, **options: Any) -> None:
        from apps.server.run import serve

        with translation.override(settings.TERMINAL_LANGUAGE):
            if not settings.TRYOUT:
                raise CommandError("`serve` is for the try-out. docs/operations.md tells how production is started.")
            try:
                serve(host=host, port=settings.PORT, model=not no_model, workers=not no_workers, tell=self.stdout.write)
            except CannotServe as error:
                raise CommandError(str(error)) from error
