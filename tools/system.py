"""Programs that come from the system: found, installed from Debian if that is requested, else named in one sentence.

Installation is requested by `CI`, by `ALMIA_INSTALL=1`, or by `python -m tools.system` (`make setup SYSTEM=1`), which installs
all.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

PACKAGES = {
    "xgettext": ["gettext"],
    "chromium": ["chromium"],
    "redis-server": ["redis-server"],
    "pg_ctlcluster": ["postgresql"],
}
_updated = False


def stop(sentence: str) -> None:
    """Say what is wrong and exit."""
    sys.exit(f"almia: {sentence}")


def find(*names: str) -> str | None:
    """Return the path of the first of these programs that exists."""
    return next((path for name in names if (path := shutil.which(name))), None)


def is_asked_to_install() -> bool:
    """Return whether system programs may be installed: a test run never changes anybody's machine."""
    return any(os.environ.get(name, "").lower() not in ("", "0", "false", "no") for name in ("CI", "ALMIA_INSTALL"))


def install(*packages: str) -> bool:
    """Install Debian packages if this process may (root, apt-get); return whether it worked."""
    global _updated
    if not hasattr(os, "geteuid") or os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    print(f"Installing {', '.join(packages)}…", flush=True)
    if not _updated:
        _quietly("apt-get", "update")
        _updated = True
    return _quietly("apt-get", "install", "-y", "--no-install-recommends", *packages)


def _quietly(*command: str) -> bool:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    nothing = subprocess.DEVNULL
    return subprocess.call(command, stdin=nothing, stdout=nothing, stderr=nothing, env=environment) == 0


def need(*names: str, purpose: str) -> str:
    """Return the path of one of the programs `names`, installed if none exists and that is requested; else stop."""
    packages = PACKAGES[names[0]]
    path = find(*names)
    if path is None and is_asked_to_install() and install(*packages):
        path = find(*names)
    if path is None:
        stop(
            f"{purpose} needs {names[0]}, which is not installed. On Debian, as root: `apt-get install {' '.join(packages)}`, "
            "or `make setup SYSTEM=1` for everything."
        )
        raise AssertionError
    return path


def main() -> int:
    """Install every missing system program that tests and checks use."""
    missing = [package for name, packages in PACKAGES.items() if find(name) is None for package in packages]
    if missing and not install(*missing):
        stop(f"This needs root and apt-get. The packages to install are: {' '.join(missing)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
