"""The process log: one JSON object per line on stderr, without anything that a record could have put there.

Libraries write complete requests at debug level, and exceptions carry the value that caused them. So the configured
level applies to FairStream's own lines only, and libraries log from warnings up. A line is ours if our code wrote it:
Faust's classes also log under the names of our subclasses of them. Of an exception the type and the places are written,
never its text. Of a library's message the template is written; its values only where the template is known to contain
broker metadata (``library_logs``), and the class of an exception always.
"""

from __future__ import annotations

import logging
import os
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

from stream_app.edges.host.library_logs import error_classes, library_message, template_of
from stream_app.errors import ConfigError
from stream_app.printed_text import json_line

_OWN = ("stream_app", "producers")
REPEAT_AFTER_S = 30.0
_MAX_REMEMBERED = 1000
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}

_OUR_FILES = tuple(str(Path(__file__).parents[3] / package) + os.sep for package in _OWN)


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, logger and message, and of an exception the type and the places."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if _is_ours(record) else library_message(record),
        }
        if not _is_ours(record) and (errors := error_classes(record)):
            line["error"] = ", ".join(errors)
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            line["exception"] = kind.__name__
            line["places"] = " < ".join(
                f"{frame.name} ({frame.filename.rsplit('/', 1)[-1]}:{frame.lineno})"
                for frame in reversed(traceback.extract_tb(trace)[-8:])
            )
        return json_line(line)


class LibraryFilter(logging.Filter):
    """Passes messages of a library from warnings up, and a repeated one only now and then.

    Without a broker, clients log many times a second.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._passed_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is to be written."""
        if _is_ours(record):
            return True
        if record.levelno < logging.WARNING:
            return False
        message = (record.name, template_of(record))
        now = self._now()
        if now - self._passed_at.get(message, -REPEAT_AFTER_S) < REPEAT_AFTER_S:
            return False
        if len(self._passed_at) >= _MAX_REMEMBERED:
            self._passed_at.clear()
        self._passed_at[message] = now
        return True


def start_logging(level: str) -> None:
    """Send the log of this process to stderr.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``; for FairStream's own loggers.

    Raises:
        ConfigError: there is no such level.
    """
    if level not in _LEVELS:
        raise ConfigError(f"Unknown log level {level!r}", action="Known: " + ", ".join(_LEVELS))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(LibraryFilter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _OWN:
        logging.getLogger(name).setLevel(_LEVELS[level])
    logging.getLogger("aiokafka").setLevel(logging.NOTSET)  # the lanes' client; see quiet_client_logs()


def _is_ours(record: logging.LogRecord) -> bool:
    """Return whether our own code wrote a line; a logger's name does not show it."""
    return record.name.startswith(_OWN) and record.pathname.startswith(_OUR_FILES)
