from __future__ import annotations

import argparse
import subprocess
import sys

from tools.contract import ROOT

from . import Refused, finish, names_of, write

NEXT = """
apps/{app}/ is there, with its pages, tests and translations. What is next: docs/new-app.md. In short:
  make dev                                    look at it: /{path}/ once the capability is open to you
  make test ARGS="tests/{app} tests/architecture"
  apps/{app}/models.py                        make it yours, then `manage.py makemigrations {app}`
  apps/{app}/locale/fr/LC_MESSAGES/django.po  the French calls it « fiche »
  docs/apps/{app}.md                          say in its first sentence what it is for"""


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.new_app", description="Make a new app: docs/new-app.md.")
    parser.add_argument("name", help="what it is called, in the plural: ideas")
    parser.add_argument("--one", default="", help="one of what it holds; without it the name less its s: idea")
    given = parser.parse_args()
    try:
        names = names_of(given.name, given.one)
        write(ROOT, names)
    except Refused as refusal:
        print(f"almia: {refusal}", file=sys.stderr)
        return 2
    try:
        finish(ROOT, names)
    except subprocess.CalledProcessError as error:
        print(f"almia: the files are written, but this failed: {' '.join(error.cmd)}", file=sys.stderr)
        return 1
    print(NEXT.format(app=names.app, path=names.app))
    return 0


if __name__ == "__main__":
    sys.exit(main())
