from __future__ import annotations

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand

from apps.learning.importing import Problems, read_charters, read_courses, read_jobs, read_requirements
from apps.learning.queries import charter_is_published_otherwise, published_sources, training_codes
from apps.learning.services import publish_content

from .import_courses import complain, differences


class Command(BaseCommand):
    help = "Load all shipped content: courses, the charter, first requirements. Safe at every start, quick when nothing changed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("path", nargs="?", type=Path, help="The content folder (default: the one that ships).")

    def handle(self, *args: Any, **options: Any) -> None:
        folder: Path = options["path"] or settings.CONTENT_DIR
        problems = Problems(Path.cwd())
        courses = read_courses(folder / "courses", problems, known=published_sources())
        charters = read_charters(folder / "charter", problems)
        for charter in charters:
            if charter_is_published_otherwise(charter):
                problems.add(charter.path, 1, f"charter {charter.version} is published with another text: write a new version")
        trainings = training_codes() | {parsed.content.training for parsed in courses}
        requirements = read_requirements(folder / "requirements.yaml", trainings, problems)
        if (folder / "jobs.yaml").exists() or folder == settings.CONTENT_DIR:
            read_jobs(folder / "jobs.yaml", problems)
        complain(problems)
        found = differences(courses, problems)
        complain(problems)
        publish_content(courses=courses, charters=charters, requirements=requirements)
        for difference in found:
            self.stdout.write(str(difference))
        self.stdout.write(self.style.SUCCESS("Content is up to date."))
