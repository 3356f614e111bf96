"""Drift schedules: how unfair the simulator is at each point of the stream.

A schedule is a comma-separated list of entries:

- ``0.5`` the level from the beginning on;
- ``0.8@60s`` a step: the level from 60 s of event time on (units ``s``, ``m``, ``h``);
- ``0.8@5000`` the same from event 5000 on (counted from 0);
- ``0..0.8@60s-300s`` a ramp from one level to the other.

Before the first entry the stream is fair (level 0); after the last one its level stays the same.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from stream_app.errors import ConfigError

_NUMBER = r"(\d+(?:\.\d+)?|\.\d+)"
_PLACE = _NUMBER + r"([smh]?)"
_STEP = re.compile(rf"{_NUMBER}(?:@{_PLACE})?")
_RAMP = re.compile(rf"{_NUMBER}\.\.{_NUMBER}@{_PLACE}-{_PLACE}")
_SECONDS = {"s": 1.0, "m": 60.0, "h": 3600.0}
_EXAMPLES = ("0.5", "0@0,0.8@60s", "0..0.8@60s-300s", "0.8@5000")


class DriftStage(NamedTuple):
    """The level moves in a straight line from ``from_level`` at ``start`` to ``to_level`` at ``end``, then stays."""

    start: float
    end: float
    from_level: float
    to_level: float


@dataclass(frozen=True)
class DriftSchedule:
    """Drift level over the stream.

    Args:
        stages: In ascending order of start; may be empty (always fair).
        is_by_event: Whether positions are event numbers instead of seconds of event time.

    >>> parse_drift("0..0.8@60s-300s").levels(events=[0, 0, 0], offsets_s=[0, 180, 900]).tolist()
    [0.0, 0.4, 0.8]
    """

    stages: tuple[DriftStage, ...] = ()
    is_by_event: bool = False

    def levels(self, *, events: ArrayLike, offsets_s: ArrayLike) -> NDArray[np.float64]:
        """Return the level at each event.

        Args:
            events: Index of each event, >= 0.
            offsets_s: Seconds of event time since the start, one for each event.

        Returns:
            Levels in [0, 1], float64, same shape.
        """
        places = self._places(events, offsets_s)
        if not self.stages:
            return np.zeros_like(places)
        starts, ends, from_levels, to_levels = np.array(self.stages).T
        latest = np.searchsorted(starts, places, side="right") - 1
        lengths = (ends - starts)[latest]
        done = np.divide(places - starts[latest], lengths, out=np.ones_like(places), where=lengths > 0).clip(0, 1)
        levels = from_levels[latest] + (to_levels - from_levels)[latest] * done
        return np.where(latest >= 0, levels, 0.0)

    def stage_numbers(self, *, events: ArrayLike, offsets_s: ArrayLike) -> NDArray[np.int64]:
        """Return the stage at each event, int64: how many entries have begun after the beginning of the stream.

        An entry at the beginning of the stream is its stage 0; without one the stream is fair in stage 0.

        >>> parse_drift("0@0,0.8@60s").stage_numbers(events=[0, 1], offsets_s=[59.9, 60]).tolist()
        [0, 1]
        """
        starts = np.array([stage.start for stage in self.stages if stage.start > 0])
        return np.searchsorted(starts, self._places(events, offsets_s), side="right").astype(np.int64)

    def _places(self, events: ArrayLike, offsets_s: ArrayLike) -> NDArray[np.float64]:
        return np.asarray(events if self.is_by_event else offsets_s, dtype=np.float64)


def parse_drift(text: str, flag: str = "--drift") -> DriftSchedule:
    """Parse a schedule in the format that the module describes.

    Args:
        text: The schedule.
        flag: The command-line flag, for messages.

    Raises:
        ConfigError: an entry is invalid, or does not begin after the previous one.

    >>> parse_drift("0@0,0.8@60s").levels(events=[0, 1], offsets_s=[59.9, 60]).tolist()
    [0.0, 0.8]
    """
    action = "Examples: " + ", ".join(f"{flag} {example}" for example in _EXAMPLES)
    stages, units = [], set()
    for number, entry in enumerate(text.split(","), start=1):
        stage, entry_units = _parse_entry(entry.strip(), f"{flag}, entry {number}", action)
        stages.append(stage)
        units |= entry_units
    if units == {"time", "event"}:
        raise ConfigError(f"{flag} mixes event time (60s) and event numbers (5000)", action=action)
    for number, (earlier, later) in enumerate(pairwise(stages), start=2):
        if later.start < earlier.end or later.start == earlier.start:
            raise ConfigError(f"{flag}, entry {number}: expected to begin after the previous entry", action=action)
    return DriftSchedule(tuple(stages), is_by_event=units == {"event"})


def _parse_entry(entry: str, where: str, action: str) -> tuple[DriftStage, set[str]]:
    if match := _RAMP.fullmatch(entry):
        from_level, to_level, start, start_unit, end, end_unit = match.groups()
        stage = DriftStage(_place(start, start_unit), _place(end, end_unit), float(from_level), float(to_level))
        if stage.end <= stage.start:
            raise ConfigError(f"{where}: expected a ramp that ends after it begins", action=action)
        units = _axis(start, start_unit) | _axis(end, end_unit)
    elif match := _STEP.fullmatch(entry):
        level, start, unit = match.group(1), match.group(2) or "0", match.group(3) or ""
        place = _place(start, unit)
        stage, units = (DriftStage(place, place, float(level), float(level)), _axis(start, unit))
    else:
        raise ConfigError(f"{where}: expected LEVEL, LEVEL@PLACE or LEVEL..LEVEL@PLACE-PLACE", action=action)
    if max(stage.from_level, stage.to_level) > 1:
        raise ConfigError(f"{where}: expected levels from 0 to 1", action=action)
    return stage, units


def _place(number: str, unit: str) -> float:
    return float(number) * _SECONDS.get(unit, 1.0)


def _axis(number: str, unit: str) -> set[str]:
    """Zero without a unit is the beginning on either axis."""
    if unit:
        return {"time"}
    return {"event"} if float(number) else set()
