"""Tests: stricter than production where it can be, quick where it does not matter."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from . import base
from .base import *  # noqa: F403
from .base import env

TRYOUT = False
# Tests read the sentences as they stand in the code, whatever is translated by now.
LANGUAGE_CODE = "en"
HOME = Path(tempfile.mkdtemp(prefix="almia-test-"))
SECRET_KEY = "only-for-tests-" + "x" * 40
AUDIT_KEY = "only-for-tests-audit-" + "x" * 40
PORT = 8000
ALLOWED_HOSTS = ["testserver", "localhost", "127.0.0.1"]
ORIGINS = ["http://testserver", "http://localhost:8000"]
BASE_URL = ORIGINS[0]
KEY_FILE = HOME / "keys" / "kek.json"
KEY_FILE_MAY_BE_CREATED = True
MEDIA_ROOT = HOME / "media"
STATIC_ROOT = HOME / "static"
STATIC_ROOT.mkdir()
DATABASES = {
    "default": env.database(env.text("DATABASE_URL", f"sqlite:///{HOME}/test.sqlite3"), pool_size=base.DB_CONCURRENCY + 4)
}
if DATABASES["default"]["ENGINE"].endswith("sqlite3"):
    # A file, not memory: threads and the socket's database operations see the same data as in the try-out.
    DATABASES["default"]["TEST"] = {"NAME": str(HOME / "test.sqlite3")}
    DATABASES["default"]["OPTIONS"]["init_command"] = "PRAGMA journal_mode=WAL; PRAGMA synchronous=OFF; PRAGMA foreign_keys=ON;"  # type: ignore[index]

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
EMAIL_BACKEND = "django.core.mail.backends.locmem.EmailBackend"
DEFAULT_FROM_EMAIL = "Almia <almia@alcyon.example>"
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.InMemoryStorage"},
    "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
}
CELERY_TASK_ALWAYS_EAGER = False
if REDIS_URL:
    # Each of the suite's processes gets a Redis database of its own.
    _address, _, _number = REDIS_URL.rpartition("/")
    REDIS_URL = f"{_address}/{int(_number) + int(os.environ.get('PYTEST_XDIST_WORKER', 'gw0').removeprefix('gw'))}"
    CACHES["default"]["LOCATION"] = REDIS_URL
    CHANNEL_LAYERS["default"]["CONFIG"]["hosts"] = [REDIS_URL]
    CELERY_BROKER_URL = REDIS_URL
REGISTRY_SECONDS = 0
PROVIDER_URL = PROVIDER_KEY = PROVIDER_MODEL = ""  # tests call no provider of the machine they run on
