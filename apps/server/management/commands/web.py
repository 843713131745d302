"""One web process; production runs several of them."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from apps.server.errors import CannotServe


class Command(BaseCommand):
    help = "Serve pages and sockets from this process alone: no preparation, no worker, no model (docs/operations.md)."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--host", default="0.0.0.0", help="address to listen on (all)")  # noqa: S104  behind a proxy
        parser.add_argument("--port", type=int, default=8000, help="port to listen on (8000)")

    def handle(self, *args: Any, host: str, port: int, **options: Any) -> None:
        from apps.server.run import serve_alone

        try:
            serve_alone(host=host, port=port)
        except CannotServe as error:
            raise CommandError(str(error)) from error
