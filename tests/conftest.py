"""What all tests share. They are stricter than production: see `tests/strict`."""

from __future__ import annotations

import shutil
from collections.abc import Iterator

import pytest
import pytest_django
from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.utils import translation

from tests import flush
from tests.strict import html, icons, network, ordering, styles, tasks, templates, writes

pytest_plugins = ["tests.live"]


def pytest_configure() -> None:
    patch = pytest.MonkeyPatch()  # never undone: these apply to the whole run
    for part in (flush, html, icons, network, ordering, styles, templates, writes):
        part.install(patch)


def pytest_unconfigure() -> None:
    if settings.HOME.name.startswith("almia-test-"):
        shutil.rmtree(settings.HOME, ignore_errors=True)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, pytest.Function):
            tasks.watch(item)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: pytest_django.DjangoDbBlocker) -> Iterator[None]:
    with django_db_blocker.unblock():
        flush.remember()
    yield
    if (close_pool := getattr(connection, "close_pool", None)) is not None:  # PostgreSQL
        close_pool()  # connections it keeps would prevent the database from being dropped


@pytest.fixture(autouse=True)
def _empty_cache() -> Iterator[None]:
    """Rate limits and other counters start at zero in every test."""
    cache.clear()
    yield
    cache.clear()


@pytest.fixture(autouse=True)
def _own_process_in_the_trail() -> None:
    """What a test left committed is gone from the database, but not from the counter of the process that wrote it."""
    from apps.core.audit.numbering import writer

    writer.begin()


@pytest.fixture(autouse=True)
def _no_organisation() -> None:
    """In every test the process has just read that staff entered nothing about the organisation."""
    from apps.accounts.organisation import Organisation, forget

    forget(in_favour_of=Organisation())


@pytest.fixture(autouse=True)
def _own_language() -> Iterator[None]:
    """A request leaves its language active on the thread: no test inherits it."""
    yield
    translation.deactivate()
