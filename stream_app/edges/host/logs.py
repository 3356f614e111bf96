"""The process log: one JSON object per line on stderr, without anything that a record could have put there.

Libraries write whole requests at debug level and exceptions carry what they choked on. So the level of a setting
applies to our own loggers only, libraries speak from warnings up, and of an exception the type and the places are
written, never its text.
"""

from __future__ import annotations

import logging
import sys
import time
import traceback
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from stream_app.errors import ConfigError

_OWN = ("stream_app", "producers")
REPEAT_AFTER_S = 30.0
_MAX_REMEMBERED = 1000
_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, logger, message, and of an exception the type and the places."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": self._message(record),
        }
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            line["exception"] = kind.__name__
            line["places"] = " < ".join(
                f"{frame.name} ({frame.filename.rsplit('/', 1)[-1]}:{frame.lineno})"
                for frame in reversed(traceback.extract_tb(trace)[-8:])
            )
        return msgspec.json.encode(line).decode()

    def _message(self, record: logging.LogRecord) -> str:
        if record.name.startswith(_OWN):
            return record.getMessage()
        # A library's message may hold a value, and below its first line a whole exception (asyncio does that); the
        # first line of its template says enough.
        return str(record.msg).partition("\n")[0]


class DuplicateFilter(logging.Filter):
    """Lets a library say the same thing only now and then: without a broker, its clients say it many times a second.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._said_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Tell whether a record is to be written."""
        if record.name.startswith(_OWN):
            return True
        what = (record.name, str(record.msg).partition("\n")[0])
        now = self._now()
        if now - self._said_at.get(what, -REPEAT_AFTER_S) < REPEAT_AFTER_S:
            return False
        if len(self._said_at) >= _MAX_REMEMBERED:
            self._said_at.clear()
        self._said_at[what] = now
        return True


def start_logging(level: str) -> None:
    """Send the log of this process to stderr.

    Args:
        level: ``debug``, ``info``, ``warning`` or ``error``; for our own loggers.

    Raises:
        ConfigError: there is no such level.
    """
    if level not in _LEVELS:
        raise ConfigError(f"No log level {level!r}", action="Known: " + ", ".join(_LEVELS))
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonFormatter())
    handler.addFilter(DuplicateFilter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _OWN:
        logging.getLogger(name).setLevel(_LEVELS[level])
