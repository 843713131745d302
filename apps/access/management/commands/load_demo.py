from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.access.demo import load_proofs
from apps.accounts.demo import accounts_file, load_world


class Command(BaseCommand):
    help = "Load the demo world: a fictional insurer, its people, and five accounts to try the portal with. Safe to repeat."

    def handle(self, *args: Any, **options: Any) -> None:
        if not settings.TRYOUT:
            raise CommandError("The demo world is for the try-out only: these settings are not the try-out’s.")
        load_world()
        load_proofs()
        if options["verbosity"]:
            self.stdout.write(f"The demo world is loaded. Accounts and passwords: {accounts_file()}")
