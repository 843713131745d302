"""Work on the code (`make dev`): the try-out, with pages, styles and scripts reread at each request."""

from __future__ import annotations

from typing import Any, cast

from .base import STORAGES, TEMPLATES
from .tryout import *  # noqa: F403

_LOADERS = ["django.template.loaders.filesystem.Loader", "django.template.loaders.app_directories.Loader"]
TEMPLATES = [
    {**engine, "APP_DIRS": False, "OPTIONS": {**cast("dict[str, Any]", engine["OPTIONS"]), "loaders": _LOADERS}}
    for engine in TEMPLATES
]
STORAGES = {**STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
WHITENOISE_USE_FINDERS = True
WHITENOISE_AUTOREFRESH = True
