from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand

from apps.accounts.enums import Role
from apps.accounts.roles import sync_roles


class Command(BaseCommand):
    help = "Give every role’s group the permissions it is to carry, and no others. Runs after every migrate by itself."

    def handle(self, *args: Any, **options: Any) -> None:
        sync_roles()
        self.stdout.write(f"Roles in step: {', '.join(Role.values)}.")
