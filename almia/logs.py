"""How the log is written: one line per event, and a traceback only if something of ours went wrong."""

from __future__ import annotations

import copy
import logging


class Line(logging.Formatter):
    """A request that was refused (4xx: an unknown host, too many fields, a broken form) is one line and a warning.

    Django logs such refusals as errors, with the traceback of the exception that caused them.
    """

    def format(self, record: logging.LogRecord) -> str:
        if 400 <= getattr(record, "status_code", 0) < 500:
            record = copy.copy(record)
            record.exc_info = record.exc_text = None
            if record.levelno > logging.WARNING:
                record.levelno, record.levelname = logging.WARNING, logging.getLevelName(logging.WARNING)
        return super().format(record)
