"""`make dev`: the try-out's server, restarted when its code, translations or content change.

    python -m tools.dev [options of manage.py serve]

Templates, styles and scripts are reread at each request: nothing is restarted for them.
"""

from __future__ import annotations

import os
import shlex
import sys
from pathlib import Path

import watchfiles

ROOT = Path(__file__).resolve().parents[1]
WATCHED = [ROOT / name for name in ("almia", "apps", "content")]
KINDS = (".py", ".po", ".md", ".yaml")


class Filter(watchfiles.DefaultFilter):
    """Lets through changes to what the server reads only once."""

    def __call__(self, change: watchfiles.Change, path: str) -> bool:
        return path.endswith(KINDS) and super().__call__(change, path)


def main() -> int:
    """Serve until Ctrl-C."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "almia.settings.development")
    command = shlex.join([sys.executable, "manage.py", "serve", *sys.argv[1:]])
    os.chdir(ROOT)
    watchfiles.run_process(
        *WATCHED,
        target=command,
        target_type="command",
        watch_filter=Filter(),
        callback=lambda changes: print(f"Changed: {Path(next(iter(changes))[1]).relative_to(ROOT)}", flush=True),
        sigint_timeout=10,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
