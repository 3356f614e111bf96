"""Reads the tracks of one day from a file of records in the form of a policy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import msgspec

from stream_app.core.noise.track_counts import DAY_S, Visit
from stream_app.edges.files.json_lines import read_json_lines
from stream_app.errors import ConfigError
from stream_app.policy import ModelPolicy
from stream_app.policy.values.time_columns import TimeReader


class TrackSample(NamedTuple):
    """The tracks of a day.

    Attributes:
        visits: Track, time and labels of each record that counts.
        n_records: Records that were read.
        n_invalid: Records without a track, a time, or a label of the policy.
        n_other_days: Records of other days.
    """

    visits: list[Visit]
    n_records: int
    n_invalid: int
    n_other_days: int


def read_tracks(path: Path, model: ModelPolicy, day_s: int, n: int) -> TrackSample:
    """Read the tracks of the day that begins at ``day_s`` from the first ``n`` lines.

    Raises:
        ConfigError: the file cannot be read, or has no record of a track on any day.
    """
    lines = [value for value in read_json_lines(path, n, now_s=0.0).values if value is not None]
    read = [_read(line, model) for line in lines]
    complete = [parts for parts in read if parts is not None]
    times = _times([time for _, time, _ in complete], model)
    visits = [
        Visit(time_s, track, labels)
        for (track, _, labels), time_s in zip(complete, times, strict=True)
        if time_s is not None
    ]
    if not visits:  # a file without the records, and nothing is paid for it
        raise ConfigError(
            f"None of the {len(lines):,} lines of {str(path)!r} is a record of a track in the form of the policy",
            action=f"Check the file, and the paths of id, time and attributes of model {model.name}",
        )
    of_day = [visit for visit in visits if day_s <= visit.time_s < day_s + DAY_S]
    return TrackSample(of_day, len(lines), len(lines) - len(visits), len(visits) - len(of_day))


def _read(line: bytes, model: ModelPolicy) -> tuple[str, Any, tuple[str, ...]] | None:
    try:
        record = msgspec.json.decode(line)
    except (msgspec.DecodeError, RecursionError):
        return None
    track, time = _value(record, model.event_id.path), _value(record, model.event_time.path)
    labels = tuple(_value(record, attribute.path) for attribute in model.attributes)
    is_complete = isinstance(track, (str, int)) and all(
        isinstance(label, str) and label in attribute.groups
        for label, attribute in zip(labels, model.attributes, strict=True)
    )
    return (f"{type(track).__name__}:{track}", time, labels) if is_complete else None


def _value(record: Any, path: str) -> Any:
    for name in path.split("."):
        record = record.get(name) if isinstance(record, dict) else None
    return record


def _times(values: Sequence[Any], model: ModelPolicy) -> list[float | None]:
    """Return the time of each value in seconds; None where it is not one in the format of the policy."""
    kind = str if model.event_time.format == "iso8601" else (int, float)
    reader = TimeReader(model.event_time.format, model.event_time.time_zone)
    places = [place for place, value in enumerate(values) if isinstance(value, kind) and not isinstance(value, bool)]
    column = reader.read([values[place] for place in places])
    times: list[float | None] = [None] * len(values)
    for number, place in enumerate(places):
        if number not in column.faults:
            times[place] = float(column.seconds[number])
    return times
