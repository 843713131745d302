"""In development, pages and static files are those currently on disk."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

SHOWN = """
import django
from django.conf import settings
from django.template import engines
from django.templatetags.static import static
django.setup()
print([type(loader).__name__ for loader in engines["django"].engine.template_loaders], static("js/live.js"), settings.TRYOUT)
"""


def test_pages_and_static_files_are_read_anew(tmp_path: Path) -> None:
    environment = {**os.environ, "ALMIA_HOME": str(tmp_path), "DJANGO_SETTINGS_MODULE": "almia.settings.development"}
    done = subprocess.run([sys.executable, "-c", SHOWN], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "['Loader', 'Loader'] /static/js/live.js True"
