"""The order in which everything starts and stops."""

from __future__ import annotations

import logging
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from django.conf import settings
from django.core.management import CommandError
from django.db import connection
from django.db.utils import DatabaseError
from django.utils import translation
from django.utils.translation import gettext as _

from .banner import banner
from .errors import CannotServe
from .model import EmbeddedModel
from .preparation import pending_migrations, prepare
from .web import WebServer, configuration, take_port
from .workers import Workers

logger = logging.getLogger("almia.server")

WORKER_GRACE_SECONDS = 3.0


def _prepare(home: Path) -> None:
    try:
        home.mkdir(parents=True, exist_ok=True)
        prepare(home)
    except OSError as error:
        sentence = _("Almia cannot write its data to %(home)s: %(reason)s.")
        raise CannotServe(sentence % {"home": home, "reason": error.strerror or error}) from error
    except DatabaseError as error:
        sentence = _("The database cannot be used (%(reason)s): is there room on the disk, and may Almia write to %(home)s?")
        raise CannotServe(sentence % {"home": home, "reason": str(error).strip().splitlines()[0]}) from error
    except CommandError as error:
        raise CannotServe(str(error)) from error
    finally:
        connection.close()


def serve(*, host: str, port: int, model: bool, workers: bool, tell: Callable[[str], object]) -> None:
    """Prepare, serve until a signal comes, and stop every thread and process that was started. Raises CannotServe."""
    taken = take_port(host, port)
    _prepare(settings.HOME)
    language = translation.get_language()
    crew = Workers() if workers else None
    child = EmbeddedModel(settings.HOME) if model else None

    def when_serving() -> None:
        # On a thread: what follows takes a second that the first visitor need not wait for.
        threading.Thread(target=go_on, name="start", daemon=True).start()

    def go_on() -> None:
        with translation.override(language):
            tell(banner(f"http://localhost:{port}"))
            sys.stdout.flush()
        if child is not None:
            child.start()
        if crew is not None:
            crew.start()

    server = WebServer(configuration(), when_serving=when_serving)
    clean = False
    try:
        server.run(sockets=[taken])
        clean = True
    finally:
        stopped = crew is None or crew.stop(WORKER_GRACE_SECONDS)
        if child is not None:
            child.stop()
        if not stopped:
            # A task that does not end would make the interpreter wait for its thread; it runs again at the next start.
            logging.shutdown()
            sys.stdout.flush()
            os._exit(0 if clean else 1)


def serve_alone(*, host: str, port: int) -> None:
    """Serve from this process until a signal comes; everything else runs elsewhere. Raises CannotServe.

    Nothing is prepared here: several processes would do it at once. Tables that are behind the code stop the start.
    """
    taken = take_port(host, port)
    try:
        if pending_migrations():
            raise CannotServe("The tables are behind the code: run `manage.py migrate` once, then start the web processes.")
    except DatabaseError as error:
        raise CannotServe(f"The database cannot be used: {str(error).strip().splitlines()[0]}.") from error
    finally:
        connection.close()
    WebServer(configuration(), when_serving=lambda: None).run(sockets=[taken])
