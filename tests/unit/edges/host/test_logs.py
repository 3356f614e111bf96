"""The log holds what happened and where, and nothing that a record could have put there."""

from __future__ import annotations

import json
import logging
from types import TracebackType

import pytest

from stream_app.edges.host.logs import REPEAT_AFTER_S, DuplicateFilter, JsonFormatter, start_logging
from stream_app.errors import ConfigError

_APPLICANT = "P-00012345"


def _record(name: str, message: str, *args: object, error: Exception | None = None) -> logging.LogRecord:
    exc_info = _raised(error) if error is not None else None
    return logging.LogRecord(name, logging.WARNING, "module.py", 1, message, args, exc_info)


def _raise(error: Exception) -> None:
    raise error


def _raised(error: Exception) -> tuple[type[Exception], Exception, TracebackType | None]:
    """Give an exception the traceback of having been raised."""
    with pytest.raises(type(error)) as caught:
        _raise(error)
    return caught.type, caught.value, caught.tb


def _line(record: logging.LogRecord) -> dict[str, str]:
    text = JsonFormatter().format(record)
    assert "\n" not in text
    line: dict[str, str] = json.loads(text)
    return line


def test_our_own_messages_are_written_in_full() -> None:
    assert _line(_record("stream_app.x", "Lane %s opened", "t[0]"))["message"] == "Lane t[0] opened"


def test_of_an_exception_the_type_and_the_places_are_written_but_not_the_text() -> None:
    line = _line(_record("stream_app.x", "broke", error=ValueError(_APPLICANT)))
    assert line["exception"] == "ValueError"
    assert "_raise (test_logs.py:" in line["places"]
    assert _APPLICANT not in json.dumps(line)


@pytest.mark.parametrize(
    "record",
    [
        _record("aiokafka.conn", "Response: %s", _APPLICANT),
        _record("asyncio", f"Task exception was never retrieved\nfuture: <Task exception=ValueError('{_APPLICANT}')>"),
    ],
)
def test_libraries_are_quoted_without_their_values(record: logging.LogRecord) -> None:
    assert _APPLICANT not in JsonFormatter().format(record)
    assert _line(record)["message"] in {"Response: %s", "Task exception was never retrieved"}


def test_a_forged_line_stays_inside_its_own() -> None:
    assert _line(_record("stream_app.x", "%s", 'a\r\n{"level":"critical"}'))["message"].startswith("a\r\n")


def test_a_library_that_repeats_itself_is_heard_now_and_then_and_we_always() -> None:
    moments = iter([0.0, 1.0, REPEAT_AFTER_S - 0.1, REPEAT_AFTER_S])
    repeat_filter = DuplicateFilter(lambda: next(moments))
    heard = [repeat_filter.filter(_record("aiokafka", "Unable to connect to %s", n)) for n in range(4)]
    assert heard == [True, False, False, True]
    assert all(repeat_filter.filter(_record("stream_app.x", "same")) for _ in range(3))


def test_an_unknown_level_is_refused_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="Known: debug, info"):
        start_logging("loud")
