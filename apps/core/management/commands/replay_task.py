"""Give background tasks that gave up another try."""

from __future__ import annotations

import uuid
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from apps.core import audit, outbox
from apps.core.enums import MessageState
from apps.core.models import OutboxMessage


class Command(BaseCommand):
    help = "List background tasks that gave up; with ids or --all, give them all their attempts again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("ids", nargs="*", type=uuid.UUID, metavar="ID")
        parser.add_argument("--all", action="store_true", help="replay all of them")

    def handle(self, *args: Any, ids: list[uuid.UUID], **options: Any) -> None:
        dead = OutboxMessage.objects.filter(state=MessageState.DEAD).order_by("finished_at")
        chosen = list(dead if options["all"] else dead.filter(pk__in=ids))
        missing = set(ids) - {message.pk for message in chosen}
        if missing:
            raise CommandError(f"Not among the tasks that gave up: {', '.join(map(str, sorted(missing)))}.")
        if not ids and not options["all"]:
            for message in dead:
                self.stdout.write(f"{message.pk}  {message.task}  {message.finished_at:%Y-%m-%d %H:%M}  {message.last_error}")
            return
        for message in chosen:
            with transaction.atomic():
                audit.record(actor=None, action="core.replay_task", target=message, details={"task": message.task})
                outbox.replay(message=message)
        self.stdout.write(f"{len(chosen)} replayed.")
