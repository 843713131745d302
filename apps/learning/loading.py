"""The shipped content: courses, the charter, first requirements."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from django.conf import settings
from django.core.management import call_command

HERE = Path(__file__).parent


def load_content() -> None:
    """Publish what ships. Raises CommandError, which names what is wrong with the files."""
    call_command("load_content", verbosity=0)


def sources() -> Iterator[Path]:
    """Yield the content's files, and the code that reads them."""
    for folder, pattern in ((settings.CONTENT_DIR, "**/*"), (HERE / "importing", "*.py"), (HERE / "management", "**/*.py")):
        yield from (path for path in folder.glob(pattern) if path.is_file())
