"""Tests: stricter than production where possible, quick where it does not matter."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from typing import Any

# Every process of the suite has a data folder and, if there is Redis, a database of its own.
os.environ["ALMIA_HOME"] = tempfile.mkdtemp(prefix="almia-test-")
if os.environ.get("REDIS_URL"):
    _address, _, _number = os.environ["REDIS_URL"].rpartition("/")
    _worker = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
    os.environ["REDIS_URL"] = f"{_address}/{int(_number) + _worker}"

from almia import env
from apps.core import catalogues

from .base import *  # noqa: F403
from .base import DB_CONCURRENCY, HOME, LOCALE_PATHS

atexit.register(shutil.rmtree, HOME, ignore_errors=True)
TRYOUT = False
# Before any sentence is used: what is evaluated once in a language stays that way.
catalogues.compile_behind(LOCALE_PATHS)
# Tests read the sentences as they are in the code, whatever has been translated by now.
LANGUAGE_CODE = "en"
SECRET_KEY = "only-for-tests-" + "x" * 40
AUDIT_KEY = "only-for-tests-audit-" + "x" * 40
PORT = 8000
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
ORIGINS = ["http://testserver", "http://localhost:8000"]
BASE_URL = ORIGINS[0]
KEY_FILE = HOME / "keys" / "kek.json"
KEY_FILE_MAY_BE_CREATED = True
STATIC_ROOT = HOME / "static"
STATIC_ROOT.mkdir()
_database: dict[str, Any] = env.database(env.text("DATABASE_URL", f"sqlite:///{HOME}/test.sqlite3"), pool_size=DB_CONCURRENCY + 4)
if _database["ENGINE"].endswith("sqlite"):
    # A file, not memory: threads and the socket's database operations see the same data, as in the try-out.
    _database["TEST"] = {"NAME": str(HOME / "test.sqlite3")}
    _database["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;"
else:
    _database["OPTIONS"]["options"] = "-c synchronous_commit=off"
DATABASES = {"default": _database}

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DEFAULT_FROM_EMAIL = "Almia <almia@alcyon.example>"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CELERY_TASK_ALWAYS_EAGER = False
REGISTRY_SECONDS = 0
ORGANISATION_SECONDS = 3600  # see tests.conftest: every test begins with an empty one
PROVIDER_URL = PROVIDER_KEY = PROVIDER_MODEL = ""  # tests call no provider of the machine they run on
