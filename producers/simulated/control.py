"""Changes drift and rate of a simulated stream while it is sent: a file says what they are from now on."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated

import msgspec

from producers.event import Event
from producers.simulated.drift import DriftSchedule, DriftStage
from producers.simulated.loans import VersionOf, simulate_loans
from producers.timeline import Timeline
from stream_app.errors import ConfigError
from stream_app.small_file import read_small_file

MIN_RATE, MAX_RATE = 1.0, 1_000_000.0
_CHECK_S = 0.2

log = logging.getLogger(__name__)


class StreamSetting(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a control file says, as JSON.

    Attributes:
        drift_level: Level of the drift, 0-1; it replaces the schedule of the stream.
        rate: Events per second.
    """

    drift_level: Annotated[float, msgspec.Meta(ge=0, le=1)]
    rate: Annotated[float, msgspec.Meta(ge=MIN_RATE, le=MAX_RATE)]


class ControlFile:
    """The newest valid setting of a file that may not exist yet, and may change at any time.

    Args:
        path: The file.
        now: Monotonic clock, seconds.
    """

    def __init__(self, path: Path, now: Callable[[], float] = time.monotonic) -> None:
        self._path = path
        self._now = now
        self._next_check_s = now()
        self._text = self._fault = ""
        self._setting: StreamSetting | None = None

    def setting(self) -> StreamSetting | None:
        """Return the newest valid setting; None before the first. The file is read five times a second at most.

        What is invalid changes nothing and is logged once.
        """
        if self._now() >= self._next_check_s:
            self._next_check_s = self._now() + _CHECK_S
            self._read()
        return self._setting

    def _read(self) -> None:
        try:
            text = read_small_file(self._path)
        except FileNotFoundError:
            return
        except (OSError, ConfigError, UnicodeDecodeError) as error:
            self._ignore(type(error).__name__)
            return
        if text == self._text:
            return
        self._text, self._fault = text, ""
        try:
            self._setting = msgspec.json.decode(text, type=StreamSetting)
        except msgspec.DecodeError as error:
            self._ignore(str(error))

    def _ignore(self, fault: str) -> None:
        if fault != self._fault:
            log.warning("control file ignored path=%s fault=%s", self._path, fault)
        self._fault = fault


def steer_loans(
    seed: int,
    timeline: Timeline,
    drift: DriftSchedule,
    setting_of: Callable[[], StreamSetting | None],
    version_of: VersionOf | None = None,
) -> Iterator[Event]:
    """Yield loan decisions without end, with the drift of a schedule until there is a setting, then with that.

    Each change begins a part of its own, with new applications of the same people, at the time of the next event. It
    counts as a stage of the schedule, so the model version changes with it.

    Args:
        seed: Integer >= 0.
        timeline: Event time of each event before the first change.
        drift: Drift level before the first change.
        setting_of: Returns the newest setting; asked before each event.
        version_of: As in ``simulate_loans``.
    """
    n_stages = sum(stage.start > 0 for stage in drift.stages)
    setting: StreamSetting | None = None
    part = 0
    while True:
        for event in simulate_loans(seed, timeline, drift, _version_after(version_of, part, n_stages), part=part):
            if (newest := setting_of()) is not None and newest != setting:
                timeline = Timeline(event.time_ms, 1 / newest.rate)
                drift = DriftSchedule((DriftStage(0.0, 0.0, newest.drift_level, newest.drift_level),))
                setting, part = newest, part + 1
                break
            yield event


def _version_after(version_of: VersionOf | None, part: int, n_stages: int) -> VersionOf | None:
    """Return the naming of versions in a part: those of the schedule come first."""
    if version_of is None or not part:
        return version_of
    return lambda stage: version_of(n_stages + part + stage)
