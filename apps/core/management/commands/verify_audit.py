"""Check the audit trail."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import audit

EVER = datetime.min.replace(tzinfo=UTC)


class Command(BaseCommand):
    help = (
        "Check that no entry of the audit trail was changed, removed or cut off since the last check; with --full, since the "
        "first entry. Prints the last entry as NUMBER:HASH: kept somewhere else and given back with --kept, it proves that the "
        "trail was not written anew."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--kept", metavar="NUMBER:HASH", help="an entry that was printed earlier and must still be there")

        parser.add_argument("--full", action="store_true", help="check everything, not only what follows the last day checked")

    def handle(self, *args: Any, kept: str | None, full: bool, **options: Any) -> None:
        expected = None
        if kept is not None:
            number, _, digest = kept.partition(":")
            if not number.isdigit() or len(digest) != 64:
                raise CommandError("--kept is NUMBER:HASH, as this command prints it.")
            expected = (int(number), digest)
        audit.chain()
        audit.seal_days()
        problem = audit.verify(kept=expected, verified_since=None if full else EVER)
        if problem is not None:
            raise CommandError(problem.written)
        if unused := audit.unused_numbers():
            self.stderr.write(
                f"{unused} ids have no entry: their transactions were rolled back, or the entries were removed before they were "
                "chained."
            )
        last, last_hash = audit.head()
        self.stdout.write(f"{last}:{last_hash}")
