from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core import loading


class Command(BaseCommand):
    help = "Load the demo world: a fictional insurer, its people, and accounts to try the portal with. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.TRYOUT:
            raise CommandError("The demo world is for the try-out only: these settings are not the try-out’s.")
        for load in loading.loads(demo=True):
            told = load.run()
            if told and options["verbosity"]:
                self.stdout.write(told)
