from __future__ import annotations

import time
from typing import Any

from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from apps.core import past

MADE_UP = ".example"  # a domain that nobody can have (RFC 2606)


class Command(BaseCommand):
    help = (
        "Fill the tables with a made-up past: people, what they learnt, what they used. For trials and measurements; refuses "
        "where real people are. The same numbers make the same past."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--people", type=int, default=400, help="how many people there are afterwards (400)")
        parser.add_argument("--months", type=int, default=6, help="how far back it goes (6)")

    def handle(self, *args: Any, people: int, months: int, **options: Any) -> None:
        if people < 1 or not 1 <= months <= 60:
            raise CommandError("--people from 1 on, --months from 1 to 60.")
        real = get_user_model()._default_manager.exclude(email__endswith=MADE_UP)
        if real.exists():
            raise CommandError(f"There are real people here ({real.count()}): nothing was written.")
        started = time.monotonic()
        tell = self.stdout.write if options["verbosity"] else lambda text: None
        past.write(
            past.Past(people=people, months=months, until=timezone.now()),
            tell=lambda name, rows: tell(f"{name:<24}{rows:>10}  {time.monotonic() - started:6.1f} s"),
        )
