from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.learning.importing import Problems
from apps.learning.services import publish_content
from apps.learning.shipped import read_shipped

from .import_courses import complain


class Command(BaseCommand):
    help = "Load all shipped content: courses, the charter, first requirements. Safe at every start, quick when nothing changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, help="The content folder (default: the one that ships).")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["path"] or settings.CONTENT_DIR
        problems = Problems(Path.cwd())
        shipped = read_shipped(folder, problems)
        complain(problems)
        publish_content(courses=shipped.courses, charters=shipped.charters, requirements=shipped.requirements)
        for difference in shipped.differences:
            self.stdout.write(str(difference))
        self.stdout.write(self.style.SUCCESS("Content is up to date."))
