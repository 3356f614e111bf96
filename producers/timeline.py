"""Event times: evenly spaced from a start, and the choice of that start if none is given."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from numpy.typing import NDArray

from stream_app.errors import ConfigError
from stream_app.policy.values.times import TimeFault, read_time

Milliseconds = NDArray[np.int64]

_UNPACED_EVENT_RATE = 1000.0  # events per second of event time, if they are sent as fast as possible


@dataclass(frozen=True)
class Timeline:
    """Evenly spaced event times.

    Args:
        start_ms: Time of event 0, milliseconds since the epoch.
        spacing_s: Seconds from one event to the next, >= 0.

    >>> Timeline(1_000, 0.5).times_ms(first=2, n=3).tolist()
    [2000, 2500, 3000]
    """

    start_ms: int
    spacing_s: float

    def times_ms(self, first: int, n: int) -> Milliseconds:
        """Return the times of the events ``first`` to ``first + n - 1``, rounded to milliseconds."""
        offsets_ms: Milliseconds = np.rint(np.arange(first, first + n) * (self.spacing_s * 1000)).astype(np.int64)
        return offsets_ms + self.start_ms

    def time_ms(self, index: int) -> int:
        """Return the time of one event."""
        return int(self.times_ms(index, 1)[0])


def run_tag(seed: int, timeline: Timeline) -> str:
    """Return 8 hex digits that make the identifiers of different runs distinct.

    Without it a second run would use the identifiers of the first, and its records would be duplicates.
    """
    return hashlib.sha256(f"{seed} {timeline.start_ms} {timeline.spacing_s!r}".encode()).hexdigest()[:8]


def iso_times(times_ms: Milliseconds) -> list[str]:
    """Write times as ISO 8601 in UTC with milliseconds.

    >>> iso_times(np.array([0, 1_795_449_600_123]))
    ['1970-01-01T00:00:00.000Z', '2026-11-23T16:00:00.123Z']
    """
    return [text + "Z" for text in np.datetime_as_string(times_ms.astype("datetime64[ms]"), unit="ms").tolist()]


def iso_time(time_ms: int) -> str:
    """Write one time as ISO 8601 in UTC with milliseconds."""
    return iso_times(np.array([time_ms]))[0]


def parse_start(text: str) -> int:
    """Read a start time given by a person into milliseconds since the epoch.

    Raises:
        ConfigError: it is not an ISO 8601 time, or has no UTC offset, without which it is ambiguous.

    >>> parse_start("2026-11-23T17:00:00.123+01:00")
    1795449600123
    """
    action = "Example: --start 2026-11-23T16:00:00Z"
    start = read_time(text)
    if isinstance(start, TimeFault):
        fault = "has no UTC offset" if start is TimeFault.NO_OFFSET else "is not a valid ISO 8601 time"
        raise ConfigError(f"--start {fault}", action=action)
    return round((start - datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


def live_start_ms(now_ms: int, count: int | None, rate: float, event_rate: float) -> int:
    """Choose the start of a simulated stream so that no event is in the future when it is sent.

    Sent at ``rate`` and spaced at ``event_rate``, ``count`` events take count/rate seconds to send and
    count/event_rate seconds of event time. If event time is slower, the stream starts now; otherwise it starts so far
    in the past that both end together (the workers reject events in the future).

    Args:
        now_ms: Processing time.
        count: Number of events; None for no end.
        rate: Events sent per second; 0 for as fast as possible.
        event_rate: Events per second of event time, > 0.

    Raises:
        ConfigError: event time would overtake the clock, and there is no end from which to count back.

    >>> live_start_ms(1_000_000, None, 100, 100), live_start_ms(1_000_000, 5000, 0, 100)
    (1000000, 950000)
    """
    if rate and event_rate >= rate:
        return now_ms
    if count is None:
        raise ConfigError(
            "Event time would run ahead of the clock", action="Give --count, --start, or an --event-rate >= --rate"
        )
    sending_s = count / rate if rate else 0.0
    return now_ms - round((count / event_rate - sending_s) * 1000)


def file_start_ms(now_ms: int, n_rows: int, spacing_s: float, *, align_s: int = 1000) -> int:
    """Choose the start of a stream of ``n_rows`` stored rows.

    It is the latest multiple of ``align_s`` since the epoch for which the last row is still before now. With one row
    per second, 1000 makes every window of 100, 200, 250 and 500 s contain exactly that number of rows, counted from
    row 0, since windows are aligned to the epoch.

    >>> file_start_ms(now_ms=5_000_000, n_rows=1989, spacing_s=1.0)
    3000000
    """
    latest_s = now_ms / 1000 - n_rows * spacing_s
    return int(latest_s // align_s) * align_s * 1000


def live_timeline(
    start: str | None, now_ms: int, *, count: int | None, rate: float, event_rate: float | None
) -> Timeline:
    """Return the event times of a simulated stream, from ``live_start_ms`` unless a start is given.

    Args:
        start: As given by a person.
        now_ms: Processing time.
        count: Number of events; None for no end.
        rate: Events sent per second; 0 for as fast as possible.
        event_rate: Events per second of event time; None for the rate of sending.

    Raises:
        ConfigError: see ``parse_start`` and ``live_start_ms``.
    """
    speed = event_rate or rate or _UNPACED_EVENT_RATE
    start_ms = parse_start(start) if start else live_start_ms(now_ms, count, rate, speed)
    return Timeline(start_ms, 1 / speed)


def file_timeline(start: str | None, now_ms: int, *, n_rows: int, spacing_s: float, align_s: int = 1000) -> Timeline:
    """Return the event times of stored rows, from ``file_start_ms`` unless a start is given.

    Raises:
        ConfigError: see ``parse_start``.
    """
    start_ms = parse_start(start) if start else file_start_ms(now_ms, n_rows, spacing_s, align_s=align_s)
    return Timeline(start_ms, spacing_s)
