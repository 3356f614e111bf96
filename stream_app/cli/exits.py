"""How a process ends: its exit codes, which ``docs/reference/cli.md`` lists, and the clean stop on a signal."""

from __future__ import annotations

import enum
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager

from stream_app.edges.host.standard_streams import READER_GONE
from stream_app.errors import (
    AccessDeniedError,
    BrokerUnavailableError,
    ConfigError,
    CutLogError,
    DependencyMissingError,
    FairStreamError,
    KeysUnavailableError,
    LaneError,
    RegistryUnavailableError,
    ReplayError,
    StateError,
    WriteError,
)


class Exit(enum.IntEnum):
    """Exit codes of the process."""

    OK = 0
    FAILED = 1  # the command did its work, and the answer is no
    USAGE = 2  # a setting, policy, key file, topic or broker address is wrong
    CUT = 3  # an audit log is shorter than a signed checkpoint of it
    UNSIGNED = 4  # an audit log is right, and its newest entries have no checkpoint yet
    STATE = 70  # state in Kafka does not fit this version or policy
    LANE = 71  # a lane cannot continue; the supervisor should restart the process
    OUTPUT = 74  # a file or standard output cannot be written
    INTERRUPTED = 130  # Ctrl-C, SIGTERM or SIGHUP
    READER_GONE = READER_GONE  # the reader of standard output has ended, as after ``| head``


EXIT_CODES: dict[type[FairStreamError], Exit] = {
    ConfigError: Exit.USAGE,
    BrokerUnavailableError: Exit.USAGE,
    RegistryUnavailableError: Exit.USAGE,
    KeysUnavailableError: Exit.USAGE,
    AccessDeniedError: Exit.USAGE,
    DependencyMissingError: Exit.USAGE,
    ReplayError: Exit.USAGE,
    StateError: Exit.STATE,
    WriteError: Exit.OUTPUT,
    CutLogError: Exit.CUT,
    LaneError: Exit.LANE,
    FairStreamError: Exit.FAILED,
}


def exit_code_of(error: FairStreamError) -> Exit:
    """Return the exit code of the nearest class in ``EXIT_CODES``.

    >>> from stream_app.errors import PolicyError
    >>> exit_code_of(PolicyError("x")).name
    'USAGE'
    """
    return next(EXIT_CODES[kind] for kind in type(error).__mro__ if kind in EXIT_CODES)


def stop_signals() -> list[signal.Signals]:
    """Return the signals that end a command cleanly: Ctrl-C, SIGTERM, and SIGHUP unless ``nohup`` made it ignored."""
    hangup = [] if signal.getsignal(signal.SIGHUP) is signal.SIG_IGN else [signal.SIGHUP]
    return [signal.SIGINT, signal.SIGTERM, *hangup]


@contextmanager
def stop_on_signals() -> Iterator[threading.Event]:
    """Turn the first of ``stop_signals`` into an event; a second Ctrl-C interrupts as usual."""
    stop = threading.Event()

    def request_stop(*_: object) -> None:
        stop.set()
        signal.signal(signal.SIGINT, signal.default_int_handler)

    before = {number: signal.signal(number, request_stop) for number in stop_signals()}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
