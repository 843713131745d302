from __future__ import annotations

import sys
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from apps.learning.importing import Problems, read_courses
from apps.learning.services import publish_content
from apps.learning.shipped import differences


def complain(problems: Problems) -> None:
    """Stop with every problem, one per line."""
    if problems:
        lines = "\n".join(str(problem) for problem in problems.in_order())
        count = f"{len(problems)} problem{'s' if len(problems) > 1 else ''}"
        raise CommandError(f"{lines}\n{count}; nothing was changed.")


class Command(BaseCommand):
    help = "Check the courses of a folder, show what differs from what is published, and publish them in one transaction."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, help="A course, or a folder of courses (default: those that ship).")
        parser.add_argument("--check", action="store_true", help="Only check and show the difference.")
        parser.add_argument("--yes", action="store_true", help="Publish without asking.")

    def handle(self, *args: Any, **options: Any) -> None:
        path: Path = options["path"] or settings.CONTENT_DIR / "courses"
        problems = Problems(Path.cwd())
        courses = read_courses(path, problems)
        complain(problems)
        found = differences(courses, problems)
        for difference in found:
            self.stdout.write(str(difference))
        complain(problems)
        if options["check"] or not any(difference.changes for difference in found):
            return
        if not options["yes"]:
            if not sys.stdin.isatty():
                raise CommandError("Add --yes to publish. Nothing was changed.")
            if input("Publish? [y/N] ").strip().lower() not in {"y", "yes", "o", "oui"}:
                raise CommandError("Nothing was changed.")
        publish_content(courses=courses)
        self.stdout.write(self.style.SUCCESS("Published."))
