"""The log says what happened and where, and nothing that a record could have put there."""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import json
import logging
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType

import aiokafka
import faust
import mode
import pytest
from aiokafka import TopicPartition
from aiokafka.errors import NodeNotReadyError

from stream_app.edges.host import logs
from stream_app.edges.host.client_logs import quiet_client_logs
from stream_app.edges.host.library_logs import SAFE_TEMPLATES, SAFE_TEXTS, WITHHELD
from stream_app.edges.host.logs import REPEAT_AFTER_S, JsonFormatter, LibraryFilter, start_logging
from stream_app.errors import ConfigError

_APPLICANT = "P-00012345"


def _record(name: str, message: str, *args: object, error: Exception | None = None) -> logging.LogRecord:
    exc_info = _raised(error) if error is not None else None
    path = logs.__file__ if name.startswith("stream_app") else "library.py"
    return logging.LogRecord(name, logging.WARNING, path, 1, message, args, exc_info)


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


@pytest.mark.parametrize(
    ("name", "template", "values", "message"),
    [
        (
            "aiokafka",
            "Unable connect to node with id %s: %s",
            (3, NodeNotReadyError(_APPLICANT)),
            "Unable connect to node with id 3: NodeNotReadyError",
        ),
        (
            "aiokafka.consumer.group_coordinator",
            "Heartbeat failed for group %s because it is rebalancing",
            ("loans-app",),
            "Heartbeat failed for group loans-app because it is rebalancing",
        ),
        (
            "aiokafka.producer.sender",
            "Got error produce response on topic-partition %s, retrying. Error: %s",
            (TopicPartition("fairness-results", 2), NodeNotReadyError),
            "Got error produce response on topic-partition [fairness-results, 2], retrying. Error: NodeNotReadyError",
        ),
    ],
)
def test_broker_metadata_in_a_known_message_of_the_client_is_written(
    name: str, template: str, values: tuple[object, ...], message: str
) -> None:
    line = _line(_record(name, template, *values))
    assert line["message"] == message
    assert _APPLICANT not in json.dumps(line)


_PAYLOADS: tuple[object, ...] = (
    b'{"applicant_id":"P-00012345"}',
    '{"applicant_id":"P-00012345"}',
    "P-00012345 and more",
    {"applicant_id": _APPLICANT},
    ValueError(_APPLICANT),
    [b"P-00012345"],
    4.5,
)


@pytest.mark.parametrize("payload", _PAYLOADS, ids=repr)
def test_a_payload_does_not_pass_even_where_values_are_written(payload: object) -> None:
    for name, templates in SAFE_TEMPLATES.items():
        for template in templates:
            n_values = template.count("%s") + template.count("%r")
            line = _line(_record(name, template, *[payload] * n_values))
            assert _APPLICANT not in json.dumps(line)
            assert "4.5" not in line["message"]


def test_a_known_message_of_another_logger_keeps_its_values_to_itself() -> None:
    line = _line(_record("other", "Unable connect to node with id %s: %s", _APPLICANT, ValueError(_APPLICANT)))
    assert line["message"] == "Unable connect to node with id ?: ValueError"
    assert line["error"] == "ValueError"
    assert _APPLICANT not in json.dumps(line)


@pytest.mark.parametrize("values", [(1,), (1, 2, 3)])
def test_a_message_with_the_wrong_number_of_values_is_written_as_its_template(values: tuple[object, ...]) -> None:
    template = "Unable connect to node with id %s: %s"
    assert _line(_record("aiokafka", template, *values))["message"] == template


def test_the_known_messages_are_those_of_the_installed_client() -> None:
    for name, templates in SAFE_TEMPLATES.items():
        module = importlib.import_module("aiokafka.client" if name == "aiokafka" else name)
        assert templates <= set(_logged(inspect.getsource(module))), name


def test_the_known_texts_are_those_of_the_installed_libraries() -> None:
    packages = (aiokafka, faust, mode, asyncio)
    sources = [path.read_text("utf-8") for package in packages for path in Path(package.__path__[0]).rglob("*.py")]
    for text in SAFE_TEXTS:
        if not text.startswith(("Unclosed ", "Future ", "Task exception")):  # these name a class of asyncio or aiokafka
            near = [source for source in sources if text[:20] in source]
            assert any(text in source or text in _logged(source) for source in near), text


class _Service(mode.Service):
    """A service of ours: its logger has our name, and what mode logs through it is not ours."""

    async def drain(self) -> None:
        try:
            _raise(ValueError(_APPLICANT))
        except ValueError as error:
            self.log.exception("Drain messages raised: %r", error)  # noqa: TRY401  # as Faust logs it
            self.log.warning(f"exception performing seek when flow not active {error}")  # noqa: G004  # the same


def test_a_line_of_a_library_under_our_name_shows_no_value(caplog: pytest.LogCaptureFixture) -> None:
    _Service.logger = logging.getLogger("stream_app.edges.lanes.transport")
    asyncio.run(_Service().drain())
    first, second = map(_line, caplog.records)
    assert first["message"] == "Drain messages raised: ValueError"
    assert (first["error"], first["exception"]) == ("ValueError", "ValueError")
    assert second["message"] == WITHHELD
    assert _APPLICANT not in json.dumps([first, second])


def test_a_message_that_was_put_together_before_is_withheld_unless_its_text_is_known() -> None:
    assert _line(_record("faust.x", f"ProducerFenced {_APPLICANT}"))["message"] == WITHHELD
    known = "Unexpected error in fetcher routine"
    assert _line(_record("aiokafka.consumer.fetcher", known))["message"] == known
    assert _line(_record("mode.x", "[^--Consumer]: Fetcher is ignoring cancel or slow :("))["message"].startswith("F")


def test_libraries_are_heard_from_warnings_up() -> None:
    record = _record("aiokafka", "Topic %s not found", "raw")
    record.levelno = logging.INFO
    assert not LibraryFilter().filter(record)


def _logged(source: str) -> Iterator[str]:
    """Yield the templates that a module logs."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
            template = node.args[0]
            if isinstance(template, ast.Constant) and isinstance(template.value, str):
                yield template.value


@pytest.fixture
def levels(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Put handlers and levels back after a test that changes them."""
    monkeypatch.setattr(logging.root, "handlers", [])
    loggers = [logging.getLogger(name) for name in (None, "kafka", "aiokafka", "stream_app", "producers")]
    before = [logger.level for logger in loggers]
    yield
    for logger, level in zip(loggers, before, strict=True):
        logger.setLevel(level)


@pytest.mark.usefixtures("levels")
def test_without_a_log_the_clients_are_silent_and_with_one_the_client_of_the_lanes_is_heard() -> None:
    quiet_client_logs()
    assert not logging.getLogger("kafka.conn").isEnabledFor(logging.ERROR)
    assert not logging.getLogger("aiokafka.cluster").isEnabledFor(logging.ERROR)
    start_logging("warning")
    assert logging.getLogger("aiokafka.cluster").isEnabledFor(logging.WARNING)
    assert not logging.getLogger("kafka.conn").isEnabledFor(logging.ERROR)


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
    assert _line(record)["message"] in {"Response: ?", "Task exception was never retrieved"}


def test_a_forged_line_stays_inside_its_own() -> None:
    assert _line(_record("stream_app.x", "%s", 'a\r\n{"level":"critical"}'))["message"].startswith("a\r\n")


def test_a_line_has_no_sign_that_a_terminal_obeys_or_nobody_sees() -> None:
    hostile = "a\x1b]8;;http://other.example\x07b\x9b31m\u202ec\u200bd\u2028"
    record = _record("stream_app.x", "%s", hostile)
    assert JsonFormatter().format(record).isprintable()
    assert _line(record)["message"] == hostile


def test_a_repeated_message_of_a_library_passes_now_and_then_and_ours_always() -> None:
    moments = iter([0.0, 1.0, REPEAT_AFTER_S - 0.1, REPEAT_AFTER_S])
    repeat_filter = LibraryFilter(lambda: next(moments))
    passed = [repeat_filter.filter(_record("aiokafka", "Unable to connect to %s", n)) for n in range(4)]
    assert passed == [True, False, False, True]
    assert all(repeat_filter.filter(_record("stream_app.x", "same")) for _ in range(3))


def test_an_unknown_level_is_rejected_with_the_known_ones() -> None:
    with pytest.raises(ConfigError, match="Known: debug, info"):
        start_logging("loud")
