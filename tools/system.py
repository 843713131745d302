"""Programs that come from the system: found, installed from Debian where that is possible, else asked for in one sentence."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys

_updated = False


def stop(sentence: str) -> None:
    """Say what is in the way and end."""
    sys.exit(f"almia: {sentence}")


def find(*names: str) -> str | None:
    """Return the path of the first of these programs that is there."""
    return next((path for name in names if (path := shutil.which(name))), None)


def install(*packages: str) -> bool:
    """Install Debian packages where this process may (root, apt-get); return whether it worked."""
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


def need(*names: str, packages: list[str], purpose: str) -> str:
    """Return the path of one of the programs `names`, installing `packages` when none is there; else stop and say how."""
    path = find(*names)
    if path is None and install(*packages):
        path = find(*names)
    if path is None:
        stop(f"{purpose} needs {names[0]}, which is not installed: on Debian, `apt-get install {' '.join(packages)}` as root.")
        raise AssertionError
    return path
