"""Check the audit trail from its first entry to its last."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import audit


class Command(BaseCommand):
    help = (
        "Check that no entry of the audit trail was changed, removed or cut off. Prints the last entry as NUMBER:HASH: kept "
        "somewhere else and given back with --kept, it proves that the trail was not written anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kept", metavar="NUMBER:HASH", help="an entry that was printed earlier and must still be there")

    def handle(self, *args: Any, kept: str | None, **options: Any) -> None:
        expected = None
        if kept is not None:
            number, _, digest = kept.partition(":")
            if not number.isdigit() or len(digest) != 64:
                raise CommandError("--kept is NUMBER:HASH, as this command prints it.")
            expected = (int(number), digest)
        problem = audit.verify(kept=expected)
        if problem is not None:
            raise CommandError(problem.written)
        last, last_hash = audit.head()
        self.stdout.write(f"{last}:{last_hash}")
