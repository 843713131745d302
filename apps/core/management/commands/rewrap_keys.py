"""Wrap every owner's key with the current key-encryption key."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.core import crypto
from apps.core.crypto.providers import LocalKeyProvider, get_key_provider


class Command(BaseCommand):
    help = (
        "Wrap every owner's key with the key provider's current key-encryption key; no content is touched. "
        "With --new-key, a local key file first gets a new key and makes it the current one."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--new-key", action="store_true", help="draw a new key into the local key file first")

    def handle(self, *args: Any, new_key: bool, **options: Any) -> None:
        provider = get_key_provider()
        try:
            if new_key:
                if not isinstance(provider, LocalKeyProvider):
                    raise CommandError("--new-key is for a local key file; elsewhere the key service draws the new key.")
                self.stdout.write(f"The current key is now version {provider.add_key()}.")
            count = crypto.rewrap_owner_keys()
        except crypto.CryptoError as error:
            raise CommandError(str(error)) from error
        if options["verbosity"]:
            self.stdout.write(f"{count} keys wrapped with version {provider.current_version()}.")
