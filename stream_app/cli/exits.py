"""Exit codes: the contract with scripts, supervisors and CI. ``docs/cli.md`` repeats this table."""

from __future__ import annotations

import enum

from stream_app.errors import (
    BrokerUnavailableError,
    ConfigError,
    DependencyMissingError,
    FairStreamError,
    LaneError,
    ReplayError,
    StateError,
)


class Exit(enum.IntEnum):
    """What a process ends with."""

    OK = 0
    FAILED = 1  # the question was answered, and the answer is no
    USAGE = 2  # a setting, policy, key file, topic or broker address is wrong
    STATE = 70  # state in Kafka does not fit this version or policy
    LANE = 71  # a lane cannot go on; the supervisor should restart the process
    INTERRUPTED = 130  # Ctrl-C or SIGTERM


EXIT_CODES: dict[type[FairStreamError], Exit] = {
    ConfigError: Exit.USAGE,
    BrokerUnavailableError: Exit.USAGE,
    DependencyMissingError: Exit.USAGE,
    ReplayError: Exit.USAGE,
    StateError: Exit.STATE,
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
