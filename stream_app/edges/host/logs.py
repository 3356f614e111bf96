"""The process log: one JSON object per line on stderr, without anything that a record could have put there.

Libraries write complete requests at debug level, and exceptions carry the value that caused them. So the configured
level applies to FairStream's own loggers only, and libraries log from warnings up. Of an exception the type and the
places are written, never its text. Of a library's message the template is written; its values only where the template
is known to contain broker metadata (``_SAFE_TEMPLATES``), and the class of an exception always.
"""

from __future__ import annotations

import logging
import re
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

# Templates of aiokafka whose values are addresses, node ids, group and topic names, offsets and errors, by logger.
# A template belongs here only if none of its values can come from a record. An exception is written as its class.
_SAFE_TEMPLATES = {
    "aiokafka": frozenset(
        {
            'Unable connect to "%s:%s": %s',
            'Unable to request metadata from "%s:%s": %s',
            "Unable to request metadata from node with id %s: %r",
            "Unable to update metadata from %s",
            "Unable connect to node with id %s: %s",
        }
    ),
    "aiokafka.cluster": frozenset(
        {
            "Topic %s is not available during auto-create initialization",
            "Topic %s not found in cluster metadata",
            "Topic %s is not authorized for this client",
            "Error fetching metadata for topic %s: %s",
        }
    ),
    "aiokafka.consumer.fetcher": frozenset({"Failed fetch messages from %s: %s"}),
    "aiokafka.consumer.group_coordinator": frozenset(
        {
            "Error sending %s to node %s [%s] -- marking coordinator dead",
            "Marking the coordinator dead (node %s)for group %s.",
            "Group Coordinator Request failed: %s",
            "Heartbeat send request failed: %s. Will retry.",
            "Heartbeat failed for group %s: coordinator (node %s) is either not started or not valid",
            "Heartbeat failed for group %s because it is rebalancing",
            "Heartbeat failed for group %s: generation id is not  current.",
            "Heartbeat failed: %r",
            "LeaveGroup request failed: %s",
            "OffsetCommit failed before join, ignoring: %s",
            "OffsetCommit failed for group %s - %s",
            "OffsetCommit failed for group %s due to group error (%s), will rejoin",
        }
    ),
    "aiokafka.producer.sender": frozenset(
        {
            "FindCoordinator Request failed: %s",
            "Cannot send %r to %s: %r",
            "Could not send %r: %r",
            "Unexpected error during InitProducerIdRequest: %s",
            "Could not add partition %s due to unexpected error: %s",
            "Could not end transaction due to unexpected error: %s",
            "Got error produce response: %s",
            "Got error produce response on topic-partition %s, retrying. Error: %s",
        }
    ),
}
_NAME = re.compile(r"[A-Za-z0-9._:-]{1,255}")  # a host, group or topic; everything else is blotted out
_HIDDEN = "?"


class JsonFormatter(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return time, level, logger and message, and of an exception the type and the places."""
        line = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage() if record.name.startswith(_OWN) else _library_message(record),
        }
        if not record.name.startswith(_OWN) and (errors := _error_classes(record)):
            line["error"] = ", ".join(errors)
        if record.exc_info and record.exc_info[0] is not None:
            kind, _, trace = record.exc_info
            line["exception"] = kind.__name__
            line["places"] = " < ".join(
                f"{frame.name} ({frame.filename.rsplit('/', 1)[-1]}:{frame.lineno})"
                for frame in reversed(traceback.extract_tb(trace)[-8:])
            )
        return msgspec.json.encode(line).decode()


class DuplicateFilter(logging.Filter):
    """Passes a repeated message of a library only now and then: without a broker, clients log many times a second.

    Args:
        now: Monotonic seconds.
    """

    def __init__(self, now: Callable[[], float] = time.monotonic) -> None:
        super().__init__()
        self._now = now
        self._passed_at: dict[tuple[str, str], float] = {}

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record is to be written."""
        if record.name.startswith(_OWN):
            return True
        message = (record.name, _template(record))
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
    handler.addFilter(DuplicateFilter())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    for name in _OWN:
        logging.getLogger(name).setLevel(_LEVELS[level])
    logging.getLogger("aiokafka").setLevel(logging.NOTSET)  # the lanes' client; see quiet_client_logs()


def _library_message(record: logging.LogRecord) -> str:
    """Return a library's message without the values that a record could have put into it."""
    template = _template(record)
    args = record.args if isinstance(record.args, tuple) else ()
    if record.msg != template or template not in _SAFE_TEMPLATES.get(record.name, ()):
        return template
    try:
        return template.replace("%r", "%s") % tuple(map(_metadata, args))
    except TypeError:  # other values than the template has places
        return template


def _template(record: logging.LogRecord) -> str:
    """Return the first line of the template; below it, asyncio writes a complete exception."""
    return str(record.msg).partition("\n")[0]


def _metadata(value: object) -> str:
    """Return a value of a safe template: a number, a name or the class of an error; else a question mark."""
    if isinstance(value, BaseException):
        return type(value).__name__
    if isinstance(value, type):
        return value.__name__
    if isinstance(value, int):
        return str(value)
    if isinstance(value, list | tuple | set):
        return f"[{', '.join(map(_metadata, value))}]"
    return value if isinstance(value, str) and _NAME.fullmatch(value) else _HIDDEN


def _error_classes(record: logging.LogRecord) -> list[str]:
    """Return the classes of the exceptions among the values of a library's message."""
    args = record.args if isinstance(record.args, tuple) else ()
    return [type(value).__name__ for value in args if isinstance(value, BaseException)]
