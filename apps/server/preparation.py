"""What must be ready before the first request: tables, static files, shipped content, a demo world. Finished work is skipped."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from pathlib import Path

from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.utils.translation import gettext as _

from apps.core import loading
from apps.core.models import OwnerKey

from .errors import CannotServe


class Marks:
    """Remembers, in a file of ALMIA_HOME, the state of its sources from which each piece of work was done."""

    def __init__(self, path: Path) -> None:
        self._path = path
        try:
            self._marks: dict[str, str] = json.loads(path.read_text())
        except (OSError, ValueError):
            self._marks = {}

    def fresh(self, work: str, mark: str) -> bool:
        """Whether `work` was done from the state `mark`."""
        return self._marks.get(work) == mark

    def done(self, work: str) -> bool:
        """Whether `work` was ever done."""
        return work in self._marks

    def forget(self) -> None:
        """Treat nothing as done: what it was done to is gone."""
        self._marks = {}

    def set(self, work: str, mark: str) -> None:
        self._marks[work] = mark
        self._path.write_text(json.dumps(self._marks, indent=1))


def mark_of(paths: Iterable[Path]) -> str:
    """Return a digest of the files' names, sizes and times."""
    digest = hashlib.sha256()
    for path in sorted(paths):
        state = path.stat()
        digest.update(f"{path}\0{state.st_size}\0{state.st_mtime_ns}\n".encode())
    return digest.hexdigest()


def pending_migrations() -> bool:
    """Whether the tables are behind the code."""
    executor = MigrationExecutor(connection)
    return bool(executor.migration_plan(executor.loader.graph.leaf_nodes()))


def has_tables() -> bool:
    """Whether the database was ever prepared."""
    return bool(MigrationExecutor(connection).loader.applied_migrations)


def migrate() -> bool:
    """Bring the tables up to date; return whether there was anything to do."""
    if not pending_migrations():
        return False
    call_command("migrate", verbosity=0, interactive=False)
    return True


def collect_static(marks: Marks) -> bool:
    """Collect, compress and name the static files by their content; return whether there was anything to do."""
    from django.contrib.staticfiles.finders import get_finders

    if settings.WHITENOISE_USE_FINDERS:  # they are served from where they are written
        return False
    sources = [Path(storage.path(name)) for finder in get_finders() for name, storage in finder.list([])]
    mark = mark_of(sources)
    manifest = Path(settings.STATIC_ROOT) / "staticfiles.json"
    if marks.fresh("static", mark) and manifest.exists():
        return False
    call_command("collectstatic", verbosity=0, interactive=False, clear=True)
    marks.set("static", mark)
    return True


def load_all(marks: Marks, *, anew: bool) -> None:
    """Run the loads of `core.loading` whose sources changed, and all that come after one that did; all of them with `anew`.

    A load that runs once is run if it never was.
    """
    for load in loading.loads(demo=None if settings.TRYOUT else False):
        if load.sources is None:
            load.run()
            continue
        if load.once and marks.done(load.code):
            continue
        mark = mark_of(load.sources())
        if anew or not marks.fresh(load.code, mark):
            load.run()
            marks.set(load.code, mark)
            anew = True


def check_keys() -> None:
    """Raise CannotServe if there is content but no key file: a new key would open nothing and hide the loss."""
    if not Path(settings.KEY_FILE).exists() and OwnerKey.objects.filter(wrapped__isnull=False).exists():
        sentence = _("The key file %(file)s is missing, and without it nothing that people wrote can be read: put it back.")
        raise CannotServe(sentence % {"file": settings.KEY_FILE})


def prepare(home: Path) -> None:
    """Bring everything to the state that this version of Almia needs. Raises CannotServe."""
    marks = Marks(home / "prepared.json")
    if not has_tables():
        marks.forget()
    migrated = migrate()
    check_keys()
    collect_static(marks)
    load_all(marks, anew=migrated)
