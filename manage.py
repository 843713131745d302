#!/usr/bin/env python
"""Django's command line. Settings come from DJANGO_SETTINGS_MODULE; the try-out's are the default."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "almia.settings.tryout")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    from apps.core import catalogues

    # Before Django starts: what is evaluated once in a language stays that way.
    if sys.argv[1:2] == ["serve"] and catalogues.main():
        sys.exit(1)
    try:
        execute_from_command_line(sys.argv)
    except ImproperlyConfigured as error:
        # A setting that is missing or wrong: one sentence that names it says more than a traceback.
        sys.exit(f"almia: {error}")


if __name__ == "__main__":
    main()
