from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.core.crypto import CryptoError
from apps.gateway.addresses import AddressRefused
from apps.gateway.services import register_from_environment


class Command(BaseCommand):
    help = "Register the provider that the environment names (ALMIA_PROVIDER_NAME, _URL, _KEY, _MODEL). Safe to repeat."
    requires_system_checks: list[str] = []

    def handle(self, *args: Any, **options: Any) -> None:
        url, model = settings.PROVIDER_URL, settings.PROVIDER_MODEL
        if not url and not model:
            if options["verbosity"]:
                self.stdout.write("The environment names no provider.")
            return
        if not url or not model:
            raise CommandError("ALMIA_PROVIDER_URL and ALMIA_PROVIDER_MODEL go together: one of them is not set.")
        try:
            version = register_from_environment(
                name=settings.PROVIDER_NAME, base_url=url, api_key=settings.PROVIDER_KEY, model=model
            )
        except AddressRefused as error:
            raise CommandError(f"ALMIA_PROVIDER_URL: {error}") from error
        except CryptoError as error:
            raise CommandError(f"The provider's key cannot be encrypted: {error}") from error
        if options["verbosity"]:
            self.stdout.write(f"{version} is served by {version.provider}.")
